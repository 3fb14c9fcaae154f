package dockerconfig

import (
	"bytes"

	"github.com/tailscale/hujson"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// masked stands where a value stood.
const masked = `"***"`

// Mask is text that may be shown. Only the names of helpers are, and the names of all members: nothing else is ever
// edited, and a plugin or a proxy may keep secrets under whatever name it likes. The layout stays, so that a diff of two
// masked texts shows what differs; text that is no JSON is masked whole.
func Mask(text []byte, client Client) []byte {
	if len(bytes.TrimSpace(text)) == 0 {
		return text // also that of a file which is not there
	}
	c, err := Parse(text, client)
	if err != nil {
		return []byte("***\n")
	}
	all := members(c.root)
	for i := range all {
		m := &all[i]
		name := nameOf(*m)
		maskValue(&m.Value, is(name, keyHelpers) || is(name, keyStore) && m.Value.Value.Kind() == '"')
		maskName(&m.Name)
	}
	if len(bytes.TrimSpace(c.tail)) > 0 {
		c.tail = []byte("\n***\n")
	}
	return c.Text()
}

// maskName masks a string for its user info alone.
func maskName(v *hujson.Value) {
	name := v.Value.(hujson.Literal).String()
	if shown := redact.UserInfo(name); shown != name {
		v.Value = quote(shown)
	}
}

// maskValue masks v and all that is in it. Helpers are names.
func maskValue(v *hujson.Value, helpers bool) {
	switch value := v.Value.(type) {
	case hujson.Literal:
		switch {
		case value.Kind() == 'n':
		case helpers && value.Kind() == '"':
			maskName(v)
		default:
			v.Value = hujson.Literal(masked)
		}
	case *hujson.Object:
		for i := range value.Members {
			maskName(&value.Members[i].Name)
			maskValue(&value.Members[i].Value, helpers)
		}
	case *hujson.Array:
		for i := range value.Elements {
			maskValue(&value.Elements[i], false)
		}
	}
}
