package dockerconfig

import (
	"bytes"
	"slices"

	"github.com/tailscale/hujson"
)

// A layout is the white space between the members of a file.
type layout struct {
	eol   string // line ending; empty when all is on one line
	unit  string // indentation of one level
	colon string // between a name's colon and its value
	comma string // between two members on one line
}

// dockerLayout is the layout that Docker writes.
var dockerLayout = layout{eol: "\n", unit: "\t", colon: " "}

// layout returns the layout of the file's first member, and Docker's for a file without members.
func (c *Config) layout() layout {
	all := members(c.root)
	if len(all) == 0 {
		l := dockerLayout
		if bytes.Contains(c.text, []byte("\r\n")) {
			l.eol = "\r\n"
		}
		return l
	}
	var l layout
	l.eol, l.unit = lastLine(all[0].Name.BeforeExtra)
	if l.eol == "" {
		l.unit = ""
	}
	l.colon = spaces(all[0].Value.BeforeExtra)
	l.comma = l.colon
	if len(all) > 1 && !bytes.Contains(all[1].Name.BeforeExtra, []byte("\n")) {
		l.comma = string(all[1].Name.BeforeExtra)
	}
	return l
}

// lastLine splits white space into its last line ending and what follows.
func lastLine(space []byte) (eol, rest string) {
	i := bytes.LastIndexByte(space, '\n')
	if i < 0 {
		return "", string(space)
	}
	eol = "\n"
	if i > 0 && space[i-1] == '\r' {
		eol = "\r\n"
	}
	return eol, string(space[i+1:])
}

// spaces returns white space without line endings, empty when it has one.
func spaces(space []byte) string {
	if bytes.ContainsAny(space, "\r\n") {
		return ""
	}
	return string(space)
}

// insert appends a member, with the layout of its neighbours, to an object at a depth below the
// root.
func (c *Config) insert(o *hujson.Object, depth int, name string, value hujson.ValueTrimmed) {
	l := c.layout()
	m := hujson.ObjectMember{Name: hujson.Value{Value: quote(name)}, Value: hujson.Value{Value: value}}
	if n := len(o.Members); n > 0 {
		last := o.Members[n-1]
		eol, rest := lastLine(last.Name.BeforeExtra)
		if n == 1 && eol == "" && rest == "" {
			rest = l.comma
		}
		m.Name.BeforeExtra = extra(eol + rest)
		m.Name.AfterExtra = extra(spaces(last.Name.AfterExtra))
		m.Value.BeforeExtra = extra(spaces(last.Value.BeforeExtra))
	} else {
		close := ""
		if l.eol != "" {
			for range depth {
				close += l.unit
			}
			m.Name.BeforeExtra = extra(l.eol + close + l.unit)
			close = l.eol + close
		}
		m.Value.BeforeExtra = extra(l.colon)
		o.AfterExtra = extra(close)
	}
	o.Members = append(o.Members, m)
}

// removeMember removes a member.
func removeMember(o *hujson.Object, i int) { removeMembers(o, func(j int) bool { return j == i }) }

// removeMembers removes members and reports whether there were any. The member after a removed one
// takes its place in the layout.
func removeMembers(o *hujson.Object, remove func(i int) bool) bool {
	all := o.Members
	var stay []hujson.ObjectMember // the last first
	for i := len(all) - 1; i >= 0; i-- {
		switch n := len(stay); {
		case !remove(i):
			stay = append(stay, all[i])
		case n > 0:
			stay[n-1].Name.BeforeExtra = all[i].Name.BeforeExtra
		case i > 0:
			// hujson would write the white space before the comma as a trailing comma.
			all[i-1].Value.AfterExtra = nil
		default:
			o.AfterExtra = nil
		}
	}
	slices.Reverse(stay)
	o.Members = stay
	return len(stay) < len(all)
}

// extra returns white space for hujson, nil when it is empty: an empty one after the last value is
// a trailing comma.
func extra(s string) hujson.Extra {
	if s == "" {
		return nil
	}
	return hujson.Extra(s)
}
