package dockerconfig

import (
	"bytes"
	"strings"

	"github.com/tailscale/hujson"
)

// masked stands where a secret stood.
const masked = `"***"`

// Mask is text that may be shown: with every value below auths and HttpHeaders masked, the user names and passwords
// in URLs, which proxies have, and what no client reads. The layout stays, so that a diff of two masked texts shows
// what differs; text that is no JSON is masked whole.
func Mask(text []byte, client Client) []byte {
	c, err := Parse(text, client)
	if err != nil {
		return []byte("***\n")
	}
	all := members(c.root)
	for i := range all {
		m := &all[i]
		if name := nameOf(*m); is(name, keyAuths) || is(name, "HttpHeaders") {
			maskValue(&m.Value, func(string) bool { return true })
		}
	}
	maskValue(&c.root, hasUserInfo)
	if len(bytes.TrimSpace(c.tail)) > 0 {
		c.tail = []byte("\n***\n")
	}
	return c.Text()
}

// hasUserInfo reports whether s may be a URL with a password, with or without its scheme.
func hasUserInfo(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && strings.Contains(s[:at], ":")
}

// maskValue masks v, or what is in it, where that is secret. A name is masked for its user info alone.
func maskValue(v *hujson.Value, secret func(string) bool) {
	switch value := v.Value.(type) {
	case hujson.Literal:
		if value.Kind() != 'n' && secret(value.String()) {
			v.Value = hujson.Literal(masked)
		}
	case *hujson.Object:
		for i := range value.Members {
			maskValue(&value.Members[i].Name, hasUserInfo)
			maskValue(&value.Members[i].Value, secret)
		}
	case *hujson.Array:
		for i := range value.Elements {
			maskValue(&value.Elements[i], secret)
		}
	}
}
