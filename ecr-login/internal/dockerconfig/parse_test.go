package dockerconfig

import (
	"errors"
	"strings"
	"testing"
)

func TestWhatIsBrokenIsSaidWithItsLine(t *testing.T) {
	t.Parallel()
	files := corpus(t)
	for _, c := range []struct {
		file, want string
	}{
		{"broken-bom", "line 1: begins with a byte order mark, which docker refuses"},
		{"broken-comment", "line 2: broken JSON: invalid character '/' looking for beginning of object key string"},
		{"broken-trailing-comma", "line 3: broken JSON: invalid character '}' looking for beginning of object key string"},
		{"broken-cut-off", "line 4: broken JSON: the JSON ends too early"},
		{"broken-single-quotes", `line 2: broken JSON: invalid character '\'' looking for beginning of object key string`},
		{"broken-array", "line 1: the file is not an object"},
		{"broken-string", "line 1: the file is not an object"},
		{"broken-helpers-array", "line 3: credHelpers is not an object"},
		{"broken-helpers-number", `line 3: credHelpers of "gcr.io" is not a string`},
		{"broken-auths-string", "line 2: auths is not an object"},
		{"broken-auths-entry", `line 3: auths of "registry.example.com" is not an object`},
		{"broken-store-object", "line 2: credsStore is not a string"},
		{"broken-merge", "line 1: broken JSON: invalid character '<' looking for beginning of value"},
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
			t.Errorf("%s: no hint what to do", c.file)
		}
	}
}

// Podman decodes the file with the same library, but in another way.
func TestContainersDiffer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, want string // empty: no error
	}{
		{"empty", "", "is empty, which podman refuses"},
		{"white space", " \n", "is empty, which podman refuses"},
		{"null", "null", ""},
		{"text behind", "{}\n}", "line 2: broken JSON: something follows the JSON object"},
		{"a store it does not know", `{"credsStore": 1}`, ""},
		{"a field it does not know", `{"auths": {"a": {"password": 1}}}`, ""},
		{"a field it knows", `{"auths": {"a": {"auth": 1}}}`, `line 1: "auth" in auths of "a" is not a string`},
		{"a login it passes over", `{"auths": {"a": {"auth": "%"}}}`, ""},
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

// An error goes to a terminal and into bug reports. What is wrong may be the secret itself.
func TestErrorsHoldNoSecret(t *testing.T) {
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
				t.Errorf("taken: %s", text)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}
