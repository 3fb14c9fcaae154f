package dockerconfig

import (
	"bytes"
	"strings"

	"github.com/tailscale/hujson"
)

// masked stands where a secret stood.
const masked = `"***"`

// Mask is text that may be shown: with every value below auths and HttpHeaders masked, URLs with a user name and a
// password, which proxies have, what is called a password, a secret or a token anywhere (a plugin may keep what it
// likes), and what no client reads. The layout stays, so that a diff of two masked texts shows
// what differs; text that is no JSON is masked whole.
func Mask(text []byte, client Client) []byte {
	c, err := Parse(text, client)
	if err != nil {
		return []byte("***\n")
	}
	all := members(c.root)
	for i := range all {
		m := &all[i]
		switch name := nameOf(*m); {
		case is(name, keyAuths), is(name, "HttpHeaders"), isSecretName(name):
			maskValue(&m.Value, func(string) bool { return true }, nil)
		case is(name, keyHelpers):
			maskValue(&m.Value, hasUserInfo, nil) // its names are hosts
		default:
			maskValue(&m.Value, hasUserInfo, isSecretName)
		}
		maskValue(&m.Name, hasUserInfo, nil)
	}
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

// isSecretName reports whether what has the name is not to be shown, whatever it is.
func isSecretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"password", "passwd", "secret", "token"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name == "auth"
}

// maskValue masks v, or what is in it, where that is secret or called so. A name is masked for its user info alone.
func maskValue(v *hujson.Value, secret, called func(string) bool) {
	switch value := v.Value.(type) {
	case hujson.Literal:
		if value.Kind() != 'n' && secret(value.String()) {
			v.Value = hujson.Literal(masked)
		}
	case *hujson.Object:
		for i := range value.Members {
			m := &value.Members[i]
			within := secret
			if called != nil && called(nameOf(*m)) {
				within = func(string) bool { return true }
			}
			maskValue(&m.Value, within, called)
			maskValue(&m.Name, hasUserInfo, nil)
		}
	case *hujson.Array:
		for i := range value.Elements {
			maskValue(&value.Elements[i], secret, called)
		}
	}
}
