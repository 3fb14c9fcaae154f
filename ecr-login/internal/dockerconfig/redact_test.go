package dockerconfig

import (
	"bytes"
	"testing"

	"github.com/tailscale/hujson"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"logins", "{\n  \"auths\": {\n    \"h\": { \"auth\": \"S\", \"identitytoken\":\"S\", \"odd\": 1, \"none\": null }\n  }\n}\n",
			"{\n  \"auths\": {\n    \"h\": { \"auth\": \"***\", \"identitytoken\":\"***\", \"odd\": \"***\", \"none\": null }\n  }\n}\n"},
		{"another case, and again", `{"AUTHS": {"h": {"auth": "S"}}, "auths": {"h": {"x": [{"y": "S"}]}}}`, `{"AUTHS": {"h": {"auth": "***"}}, "auths": {"h": {"x": [{"y": "***"}]}}}`},
		{"headers", `{"HttpHeaders": {"Authorization": "S", "n": 1}, "httpheaders": "S"}`, `{"HttpHeaders": {"Authorization": "***", "n": "***"}, "httpheaders": "***"}`},
		{"proxies", `{"proxies": {"default": {"httpProxy": "http://u:S@p:3128", "httpsProxy": "http://p:3128"}}}`, `{"proxies": {"default": {"httpProxy": "***", "httpsProxy": "***"}}}`},
		{"plugins", `{"plugins": {"ai": {"apiKey": "S", "key": "S", "pat": "S", "pass": ["S"], "pin": 1234, "on": true, "url": "https://x/?sig=S"}}}`,
			`{"plugins": {"ai": {"apiKey": "***", "key": "***", "pat": "***", "pass": ["***"], "pin": "***", "on": "***", "url": "***"}}}`},
		{"helpers", `{"credHelpers": {"token.example.com": "pass", "none": null}, "CredsStore": "pass", "x": "pass"}`, `{"credHelpers": {"token.example.com": "pass", "none": null}, "CredsStore": "pass", "x": "***"}`},
		{"helpers with passwords", `{"credHelpers": {"u:S@h": "https://u:S@x"}, "credsStore": "u:S@x"}`, `{"credHelpers": {"***@h": "https://***@x"}, "credsStore": "***@x"}`},
		{"keys", `{"auths": {"https://u:S@h/": {"u:S@x": "S"}}, "https://u:S@h": 1}`, `{"auths": {"https://***@h/": {"***@x": "***"}}, "https://***@h": "***"}`},
		{"the layout", "{ \"x\" : [\n\t\"S\" , null ] }", "{ \"x\" : [\n\t\"***\" , null ] }"},
		{"text after the object", "{}\n\"auth\": \"S\"\n", "{}\n***\n"},
		{"invalid", `{"auths": {"h": {"auth": "S"`, "***\n"},
		{"empty", "", ""},
	} {
		if got := string(Redact([]byte(c.text), Docker)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// The only values that stay are names of helpers, without a user name or password. Redacting twice
// changes nothing more.
func FuzzRedact(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 2000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		shown := Redact(text, Docker)
		if again := Redact(shown, Docker); !bytes.Equal(again, shown) {
			t.Fatalf("%q is shown as\n%q and then\n%q", text, shown, again)
		}
		c, err := Parse(shown, Docker)
		if err != nil {
			return // redacted as a whole
		}
		for v := range c.root.All() {
			if l, ok := v.Value.(hujson.Literal); ok && l.Kind() == '"' && redact.UserInfo(l.String()) != l.String() {
				t.Fatalf("%q is shown as\n%q", text, shown)
			}
		}
		for _, m := range members(c.root) {
			if is(nameOf(m), keyHelpers) || is(nameOf(m), keyStore) {
				continue
			}
			for v := range m.Value.All() {
				if l, ok := v.Value.(hujson.Literal); ok && l.Kind() != 'n' && string(l) != redacted && !isName(m.Value, v) {
					t.Fatalf("%q is shown as\n%q", text, shown)
				}
			}
		}
	})
}

// isName reports whether v is the name of a member somewhere in from.
func isName(from hujson.Value, v *hujson.Value) bool {
	for container := range from.All() {
		for i := range members(*container) {
			if &members(*container)[i].Name == v {
				return true
			}
		}
	}
	return false
}
