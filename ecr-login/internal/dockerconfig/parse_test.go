package dockerconfig

import (
	"errors"
	"strings"
	"testing"
)

func TestParseErrorsHaveLine(t *testing.T) {
	t.Parallel()
	files := corpus(t)
	for _, c := range []struct {
		file, want string
	}{
		{"broken-bom", "line 1: begins with a byte order mark, which docker refuses"},
		{"broken-comment", "line 2: invalid JSON: invalid character '/' looking for beginning of object key string"},
		{"broken-trailing-comma", "line 3: invalid JSON: invalid character '}' looking for beginning of object key string"},
		{"broken-cut-off", "line 4: invalid JSON: unexpected end of the file"},
		{"broken-single-quotes", `line 2: invalid JSON: invalid character '\'' looking for beginning of object key string`},
		{"broken-array", "line 1: the file is a list, not an object"},
		{"broken-string", "line 1: the file is a string, not an object"},
		{"broken-helpers-array", "line 3: credHelpers is a list, not an object"},
		{"broken-helpers-number", `line 3: "gcr.io" in credHelpers is a number, not a string`},
		{"broken-auths-string", "line 2: auths is a string, not an object"},
		{"broken-auths-entry", `line 3: "registry.example.com" in auths is a string, not an object`},
		{"broken-store-object", "line 2: credsStore is an object, not a string"},
		{"broken-merge", "line 1: invalid JSON: invalid character '<' looking for beginning of value"},
		{"broken-login", `line 3: the login of "registry.example.com" cannot be decoded, so docker refuses the whole file`},
		{"broken-login-without-user", `line 3: the login of "registry.example.com" cannot be decoded, so docker refuses the whole file`},
	} {
		config, err := Parse(files[c.file], Docker)
		if err == nil {
			err = config.Broken()
		}
		var problem *Error
		if !errors.As(err, &problem) || problem.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.file, err, c.want)
			continue
		}
		if problem.Hint() == "" {
			t.Errorf("%s: no hint", c.file)
		}
	}
}

// podman decodes the file with the same library, but by other rules.
func TestParseForContainers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, want string // empty: no error
	}{
		{"empty", "", "is empty, which podman refuses"},
		{"white space", " \n", "is empty, which podman refuses"},
		{"null", "null", ""},
		{"text after the object", "{}\n}", "line 2: invalid JSON: text after the JSON object"},
		{"a store that it ignores", `{"credsStore": 1}`, ""},
		{"a field that it ignores", `{"auths": {"a": {"password": 1}}}`, ""},
		{"a field that it decodes", `{"auths": {"a": {"auth": 1}}}`, `line 1: "auth" in "a" in auths is a number, not a string`},
		{"a login that it skips", `{"auths": {"a": {"auth": "%"}}}`, ""},
		{"byte order mark", "\ufeff{}", "line 1: begins with a byte order mark, which podman refuses"},
	} {
		config, err := Parse([]byte(c.text), Containers)
		if err == nil {
			err = config.Broken()
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Errors are shown and end up in bug reports. The wrong value may be the secret itself.
func TestErrorsContainNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, text := range []string{
		`{"auths": {"a": {"auth": "` + secret, `{"auths": {"a": {"auth": ` + secret + `}}}`, `{"auths": {"a": "` + secret + `"}}`,
		`{"auths": "` + secret + `"}`, `{"credsStore": ["` + secret + `"]}`, `{"auths": {"a": {"auth": "` + secret + `"}}}`,
		`{"auths": {"https://u:` + secret + `@h": {"auth": "%"}}}`, `{"auths": {"https://u:` + secret + `@h": {"auth": 1}}}`,
		`{"auths": {"https://u:` + secret + `@h": 1}}`, `{"credHelpers": {"https://u:` + secret + `@h": 1}}`,
		`{"auths": {"a": {"auth": "\` + secret + `"}}}`, `{"auths": {"a": {"auth": "` + secret + "\x00\"}}}", `"` + secret + `"`,
	} {
		for _, client := range []Client{Docker, Containers} {
			c, err := Parse([]byte(text), client)
			if err == nil {
				err = c.Broken()
			}
			if err == nil && client == Docker {
				t.Errorf("accepted: %s", text)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

// Editors on Windows write a byte order mark or UTF-16.
func TestParseNamesEncoding(t *testing.T) {
	t.Parallel()
	utf16 := func(order, text string) string {
		var b strings.Builder
		for _, c := range text {
			if order == "little" {
				b.WriteString(string([]byte{byte(c), 0}))
			} else {
				b.WriteString(string([]byte{0, byte(c)}))
			}
		}
		return b.String()
	}
	for _, c := range []struct{ name, text, want string }{
		{"byte order mark", "\ufeff{}", "line 1: begins with a byte order mark, which docker refuses"},
		{"UTF-16, little-endian", "\xff\xfe" + utf16("little", "{}"), "line 1: is encoded in UTF-16, which docker refuses"},
		{"UTF-16, big-endian", "\xfe\xff" + utf16("big", "{}"), "line 1: is encoded in UTF-16, which docker refuses"},
		{"UTF-16 without a mark", utf16("little", "{}"), "line 1: is encoded in UTF-16, which docker refuses"},
		{"UTF-16 without a mark, big-endian", utf16("big", "{}"), "line 1: is encoded in UTF-16, which docker refuses"},
		{"zero bytes", "\x00\x00", "line 1: invalid JSON: invalid character '\\x00' looking for beginning of value"},
	} {
		_, err := Parse([]byte(c.text), Docker)
		var problem *Error
		if !errors.As(err, &problem) || err.Error() != c.want || problem.Hint() == "" {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// Docker warns about a wrong type in any of its keys, and crane, ko and cosign refuse the file.
func TestWrongTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`{"features": {"buildkit": true}}`, `line 1: "buildkit" in features is a boolean, not a string`},
		{`{"features": {"buildkit": "true"}}`, ""},
		{`{"FEATURES": {"a": 1, "b": null}}`, `line 1: "a" in features is a number, not a string`},
		{"{\n\"plugins\": {\"x\": {\"y\": false}}}", `line 2: "y" in "x" in plugins is a boolean, not a string`},
		{`{"plugins": {"x": "y"}}`, `line 1: "x" in plugins is a string, not an object`},
		{`{"aliases": ["builder"]}`, "line 1: aliases is a list, not an object"},
		{`{"HttpHeaders": {"A": ["secret"]}}`, `line 1: "A" in HttpHeaders is a list, not a string`},
		{`{"proxies": {"default": {"httpProxy": 1, "other": 1}}}`, `line 1: "httpProxy" in "default" in proxies is a number, not a string`},
		{`{"psFormat": {}}`, "line 1: psFormat is an object, not a string"},
		{`{"cliPluginsExtraDirs": "/x"}`, "line 1: cliPluginsExtraDirs is a string, not a list"},
		{`{"cliPluginsExtraDirs": ["/x", 1]}`, "line 1: element 2 of cliPluginsExtraDirs is a number, not a string"},
		{`{"pruneFilters": null, "currentContext": null, "plugins": {"x": null}, "unknown": 1}`, ""},
		{`{"aliases": 1, "detachKeys": 2}`, "line 1: aliases is a number, not an object; line 1: detachKeys is a number, not a string"},
		{"", ""},
	} {
		var all []string
		for _, err := range sound(t, c.text, Docker).WrongTypes() {
			all = append(all, err.Error())
			var problem *Error
			if !errors.As(err, &problem) || problem.Hint() == "" || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v", c.text, err)
			}
		}
		if got := strings.Join(all, "; "); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.text, got, c.want)
		}
	}
	if got := sound(t, `{"features": 1}`, Containers).WrongTypes(); len(got) > 0 {
		t.Errorf("podman does not decode features: %v", got)
	}
}
