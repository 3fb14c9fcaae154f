package dockerconfig

import (
	"bytes"

	"github.com/tailscale/hujson"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// redacted replaces a value.
const redacted = `"***"`

// Redact returns text that may be shown, in the same layout, so that a diff of two redacted texts shows
// the changes. It keeps the names of all members and of helpers, and replaces every other value:
// plugins and proxies may store secrets under any name. Text that is not JSON is replaced as a
// whole.
func Redact(text []byte, client Client) []byte {
	if len(bytes.TrimSpace(text)) == 0 {
		return text // also of a missing file
	}
	c, err := Parse(text, client)
	if err != nil {
		return []byte("***\n")
	}
	all := members(c.root)
	for i := range all {
		m := &all[i]
		name := nameOf(*m)
		redactValue(&m.Value, is(name, keyHelpers) || is(name, keyStore) && m.Value.Value.Kind() == '"')
		redactName(&m.Name)
	}
	if len(bytes.TrimSpace(c.tail)) > 0 {
		c.tail = []byte("\n***\n")
	}
	return c.Text()
}

// redactName removes a user name and password from a string.
func redactName(v *hujson.Value) {
	name := v.Value.(hujson.Literal).String()
	if shown := redact.UserInfo(name); shown != name {
		v.Value = quote(shown)
	}
}

// redactValue replaces v and every value in it. With helpers, strings are names of helpers and stay.
func redactValue(v *hujson.Value, helpers bool) {
	switch value := v.Value.(type) {
	case hujson.Literal:
		switch {
		case value.Kind() == 'n':
		case helpers && value.Kind() == '"':
			redactName(v)
		default:
			v.Value = hujson.Literal(redacted)
		}
	case *hujson.Object:
		for i := range value.Members {
			redactName(&value.Members[i].Name)
			redactValue(&value.Members[i].Value, helpers)
		}
	case *hujson.Array:
		for i := range value.Elements {
			redactValue(&value.Elements[i], false)
		}
	}
}
