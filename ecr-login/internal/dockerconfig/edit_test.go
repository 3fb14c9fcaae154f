package dockerconfig

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

func TestSetHelperKeepsLayout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"empty file", "", "{\n\t\"credHelpers\": {\n\t\t\"h\": \"ecr-login\"\n\t}\n}\n"},
		{"empty object", "{}", "{\n\t\"credHelpers\": {\n\t\t\"h\": \"ecr-login\"\n\t}\n}"},
		{"empty object with CRLF", "{\r\n}\r\n", "{\r\n\t\"credHelpers\": {\r\n\t\t\"h\": \"ecr-login\"\r\n\t}\r\n}\r\n"},
		{"null", "null\n", "{\n\t\"credHelpers\": {\n\t\t\"h\": \"ecr-login\"\n\t}\n}\n"},
		{"tabs", "{\n\t\"a\": 1\n}", "{\n\t\"a\": 1,\n\t\"credHelpers\": {\n\t\t\"h\": \"ecr-login\"\n\t}\n}"},
		{"spaces", "{\n  \"a\": 1\n}\n", "{\n  \"a\": 1,\n  \"credHelpers\": {\n    \"h\": \"ecr-login\"\n  }\n}\n"},
		{"CRLF", "{\r\n  \"a\": 1\r\n}", "{\r\n  \"a\": 1,\r\n  \"credHelpers\": {\r\n    \"h\": \"ecr-login\"\r\n  }\r\n}"},
		{"minified", `{"a":1}`, `{"a":1,"credHelpers":{"h":"ecr-login"}}`},
		{"one line", `{"a": 1, "b": 2}`, `{"a": 1, "b": 2, "credHelpers": {"h": "ecr-login"}}`},
		{"one line, one member", `{"a": 1}`, `{"a": 1, "credHelpers": {"h": "ecr-login"}}`},
		{"behind others", "{\n  \"credHelpers\": {\n    \"x\": \"y\"\n  },\n  \"a\": 1\n}", "{\n  \"credHelpers\": {\n    \"x\": \"y\",\n    \"h\": \"ecr-login\"\n  },\n  \"a\": 1\n}"},
		{"behind others on a line", "{\n  \"credHelpers\": {\"x\": \"y\"}\n}", "{\n  \"credHelpers\": {\"x\": \"y\", \"h\": \"ecr-login\"}\n}"},
		{"in an empty one", "{\n  \"credHelpers\": {},\n  \"a\": 1\n}", "{\n  \"credHelpers\": {\n    \"h\": \"ecr-login\"\n  },\n  \"a\": 1\n}"},
		{"null", "{\n  \"credHelpers\": null\n}", "{\n  \"credHelpers\": {\n    \"h\": \"ecr-login\"\n  }\n}"},
		{"another helper", `{"credHelpers": {"h" : "pass", "i": "pass"}}`, `{"credHelpers": {"h" : "ecr-login", "i": "pass"}}`},
		{"the one that counts", `{"credHelpers": {"h": "a", "h": "b"}, "CREDHELPERS": {"i": "c"}}`, `{"credHelpers": {"h": "a", "h": "ecr-login"}, "CREDHELPERS": {"i": "c"}}`},
		{"the last object", `{"credHelpers": {"x": "a"}, "credHelpers": {"y": "b"}}`, `{"credHelpers": {"x": "a"}, "credHelpers": {"y": "b", "h": "ecr-login"}}`},
		{"behind a null", `{"credHelpers": {"h": "a"}, "credHelpers": null}`, `{"credHelpers": {"h": "a"}, "credHelpers": null, "credHelpers": {"h": "ecr-login"}}`},
		{"a name with an escape", `{"cred\u0048elpers": {"\u0068": "a"}}`, `{"cred\u0048elpers": {"\u0068": "ecr-login"}}`},
		{"existing", `{"credHelpers":   {"h": "ecr\u002dlogin"}}`, `{"credHelpers":   {"h": "ecr\u002dlogin"}}`},
		{"text behind", "{}\n}\nleft over", "{\n\t\"credHelpers\": {\n\t\t\"h\": \"ecr-login\"\n\t}\n}\n}\nleft over"},
		{"comma first", "{ \"a\": 1\n, \"b\": 2\n}", "{ \"a\": 1\n, \"b\": 2, \"credHelpers\": {\"h\": \"ecr-login\"}\n}"},
	} {
		config := sound(t, c.text, Docker)
		config.SetHelper("h", "ecr-login", nil)
		if got := string(config.Text()); got != c.want {
			t.Errorf("%s:\n%q\nwant\n%q", c.name, got, c.want)
		}
		if a := sound(t, c.want, Docker).For("h"); a.Helper != "ecr-login" {
			t.Errorf("%s: the wanted text gives %+v", c.name, a)
		}
		if config.Changed() != (c.text != c.want) {
			t.Errorf("%s: changed is %v", c.name, config.Changed())
		}
	}
}

func TestRemoveHelper(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"the only one", "{\n\t\"a\": 1,\n\t\"credHelpers\": {\n\t\t\"h\": \"x\"\n\t}\n}", "{\n\t\"a\": 1\n}"},
		{"the first", "{\n\t\"credHelpers\": {\n\t\t\"h\": \"x\",\n\t\t\"i\": \"y\"\n\t}\n}", "{\n\t\"credHelpers\": {\n\t\t\"i\": \"y\"\n\t}\n}"},
		{"the last", `{"credHelpers": { "i": "y", "h": "x" }}`, `{"credHelpers": { "i": "y" }}`},
		{"the middle one", `{"credHelpers":{"i":"y","h":"x","j":"z"}}`, `{"credHelpers":{"i":"y","j":"z"}}`},
		{"all of them", `{"credHelpers":{"h":"y","i":"x","h":"z"},"CREDHELPERS":{"h":"y"}}`, `{"credHelpers":{"i":"x"},"CREDHELPERS":{}}`},
		{"both objects", `{"credHelpers":{"h":"y"},"a":1,"CREDHELPERS":{"h":"y"}}`, `{"a":1}`},
		{"entries before a null stay", `{"credHelpers":{"h":"y"},"credHelpers":null,"credHelpers":{"h":"x"}}`, `{"credHelpers":{"h":"y"},"credHelpers":null}`},
		{"none", `{"credHelpers": {}}`, `{"credHelpers": {}}`},
		{"a comma on its own line", "{\"credHelpers\":{\"i\":\"y\"\n,\"h\":\"x\"\n}}", "{\"credHelpers\":{\"i\":\"y\"\n}}"},
	} {
		config := sound(t, c.text, Docker)
		if found := config.RemoveHelper("h"); found != (c.text != c.want) {
			t.Errorf("%s: found is %v", c.name, found)
		}
		if got := string(config.Text()); got != c.want {
			t.Errorf("%s:\n%q\nwant\n%q", c.name, got, c.want)
		}
	}
	config := sound(t, `{"auths": {"h": {"auth": "dTpw"}, "i": {}}, "credHelpers": {"h": "x"}}`, Docker)
	if !config.RemoveAuth("h") || config.RemoveAuth("h") || string(config.Text()) != `{"auths": {"i": {}}, "credHelpers": {"h": "x"}}` {
		t.Errorf("%s", config.Text())
	}
}

// checkEdit fails unless an edit adds the new entry, keeps all others and everything outside
// credHelpers, and Undo restores the text, also with a record that was saved and read.
func checkEdit(t *testing.T, text []byte, client Client, host, helper string) {
	t.Helper()
	c, err := Parse(text, client)
	if err != nil {
		return
	}
	host = strings.ToValidUTF8(host, "\ufffd")
	helper = strings.ToValidUTF8(helper, "\ufffd")
	if got := c.Text(); !bytes.Equal(got, text) {
		t.Fatalf("without any edit\n%q became\n%q", text, got)
	}
	before := c.Helpers()
	if slices.ContainsFunc(before, func(h Helper) bool { return redact.UserInfo(h.Name) != h.Name }) {
		return // not recorded
	}
	var r Record
	c.SetHelper(host, helper, &r)
	c.SetHelper("second."+host, helper, &r)
	edited := c.Text()
	again, err := Parse(edited, client)
	if err != nil {
		t.Fatalf("%v: %q became\n%q", err, text, edited)
	}
	want := map[string]string{}
	for _, h := range before {
		want[h.Host] = h.Name
	}
	want[host], want["second."+host] = helper, helper
	got := map[string]string{}
	for _, h := range again.Helpers() {
		got[h.Host] = h.Name
	}
	if !maps.Equal(got, want) {
		t.Fatalf("helpers %q, want %q: %q became\n%q", got, want, text, edited)
	}
	if was, is := keys(t, text), keys(t, edited); !subset(was, is) {
		t.Fatalf("keys were lost: %q became\n%q", text, edited)
	}

	saved, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var read Record
	if err := json.Unmarshal(saved, &read); err != nil {
		t.Fatal(err)
	}
	record := again.Current(&read)
	again.SetHelper(host, helper, record) // a second configure
	if !bytes.Equal(again.Text(), edited) {
		t.Fatalf("the second time\n%q became\n%q", edited, again.Text())
	}
	again.Undo(record, host)
	again.Undo(record, "second."+host)
	if got := again.Text(); !bytes.Equal(got, text) {
		t.Fatalf("%q became\n%q and then\n%q\nrecord %s", text, edited, got, saved)
	}
}

// keys returns the paths of all values outside credHelpers, and how often each occurs.
func keys(t *testing.T, text []byte) map[string]int {
	t.Helper()
	all := map[string]int{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var walk func(path string)
	walk = func(path string) {
		token, err := d.Token()
		if err != nil {
			return
		}
		switch token {
		case json.Delim('{'):
			for d.More() {
				name, _ := d.Token()
				walk(path + "/" + name.(string))
			}
			_, _ = d.Token()
		case json.Delim('['):
			for d.More() {
				walk(path + "/-")
			}
			_, _ = d.Token()
		default:
			if rest := strings.TrimPrefix(path, "/"); !is(rest[:min(len(rest), len(keyHelpers))], keyHelpers) {
				b, _ := json.Marshal(token)
				path += "=" + string(b)
			}
		}
		all[path]++
	}
	walk("")
	return all
}

// subset reports whether b has everything in a. A null may have become an object.
func subset(a, b map[string]int) bool {
	for path, n := range a {
		if b[path] < n && path != "=null" {
			return false
		}
	}
	return true
}

func TestUndoRestoresCorpus(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, client := range []Client{Docker, Containers} {
				for _, h := range []string{host, "gcr.io", "registry.example.com", "111122223333.dkr.ecr.eu-west-1.amazonaws.com", `odd "host" <&>`} {
					checkEdit(t, text, client, h, "ecr-login")
				}
			}
		})
	}
}

func FuzzEdit(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 2000 {
			f.Add(text, host, "ecr-login")
		}
	}
	f.Add([]byte(`{"credHelpers":{"h":null},"credHelpers":{}}`), "h", "")
	f.Add([]byte("{ } }"), "", "x")
	f.Fuzz(func(t *testing.T, text []byte, host, helper string) {
		checkEdit(t, text, Docker, host, helper)
		checkEdit(t, text, Containers, host, helper)
	})
}

// Without a record, the client reads the same afterwards, but not every byte is the same.
func FuzzRemove(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 2000 {
			f.Add(text, "gcr.io")
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		c, err := Parse(text, Docker)
		if err != nil {
			return
		}
		want := map[string]string{}
		for _, h := range c.Helpers() {
			if h.Host != name {
				want[h.Host] = h.Name
			}
		}
		auths := len(c.Auths())
		store := c.Store()
		c.RemoveHelper(name)
		if c.RemoveAuth(name) {
			auths--
		}
		again, err := Parse(c.Text(), Docker)
		if err != nil {
			t.Fatalf("%v: %q became\n%q", err, text, c.Text())
		}
		got := map[string]string{}
		for _, h := range again.Helpers() {
			got[h.Host] = h.Name
		}
		if !maps.Equal(got, want) || again.Store() != store || len(again.Auths()) != auths {
			t.Fatalf("helpers %q, want %q: %q became\n%q", got, want, text, again.Text())
		}
	})
}

// A replaced value that may contain a password is not recorded.
func TestRecordContainsNoSecret(t *testing.T) {
	t.Parallel()
	c := sound(t, `{"credHelpers": {"h": "https://u:hunter2@x", "i": "pass"}}`, Docker)
	var r Record
	c.SetHelpers([]string{"h", "i"}, func(string) string { return "ecr-login" }, &r)
	c.SetHelpers([]string{"h", "i"}, func(string) string { return "ecr-login-prod" }, &r)
	for _, e := range r.Entries {
		if bytes.Contains(e.Before, []byte("hunter2")) {
			t.Errorf("recorded is %s", e.Before)
		}
	}
	if !r.Entries["h"].Withheld || r.Entries["i"].Withheld || string(r.Entries["i"].Before) != `"pass"` {
		t.Errorf("%+v", r.Entries)
	}
	c.Undo(&r, "h", "i")
	if got := string(c.Text()); got != `{"credHelpers": {"i": "pass"}}` {
		t.Errorf("%s", got)
	}
}
