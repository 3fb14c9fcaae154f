package dockerconfig

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/tailscale/hujson"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// Text is the file's text with all edits. It is the text that was read, byte for byte, where nothing was edited.
func (c *Config) Text() []byte {
	if c.blank {
		return bytes.Clone(c.tail)
	}
	return append(c.root.Pack(), c.tail...)
}

// Changed reports whether an edit changed anything.
func (c *Config) Changed() bool { return c.gone || !bytes.Equal(c.Text(), c.text) }

// Gone reports whether the edits leave a file that is to be removed.
func (c *Config) Gone() bool { return c.gone }

// SetHelper makes the helper answer for the host, and notes in r, unless that is nil, what Undo needs to know.
func (c *Config) SetHelper(host, helper string, r *Record) { c.SetHelpers([]string{host}, helper, r) }

// SetHelpers is SetHelper for many hosts.
func (c *Config) SetHelpers(hosts []string, helper string, r *Record) {
	if len(hosts) == 0 {
		return
	}
	object := c.makeHelpers(r)
	there := c.deciding()
	var more []string // inserted last: that moves the members
	for _, host := range hosts {
		m := there[host]
		if m == nil {
			more = append(more, host)
			continue
		}
		v := text(m.Value)
		if v == helper && m.Value.Value.Kind() == '"' {
			continue
		}
		if redact.UserInfo(v) == v {
			r.noteEntry(host, Entry{Helper: helper, Before: m.Value.Value.(hujson.Literal)})
		} else {
			r.noteEntry(host, Entry{Helper: helper, Withheld: true})
		}
		m.Value.Value = quote(helper)
	}
	done := map[string]bool{}
	for _, host := range more {
		if !done[host] {
			done[host] = true
			r.noteEntry(host, Entry{Helper: helper})
			c.insert(object, 1, host, quote(helper))
		}
	}
}

// RemoveHelper removes the entries of credHelpers for the hosts, and tells whether there was one. A credHelpers that
// this leaves empty goes too.
func (c *Config) RemoveHelper(hosts ...string) bool {
	found := c.remove(keyHelpers, hosts)
	if !found || len(c.Helpers()) > 0 {
		return found
	}
	root := object(c.root)
	for i, m := range slices.Backward(root.Members) {
		if is(nameOf(m), keyHelpers) && object(m.Value) == nil {
			break // what stands before a null does not count, and is left alone
		}
		if is(nameOf(m), keyHelpers) && len(members(m.Value)) == 0 {
			removeMember(root, i)
		}
	}
	return found
}

// RemoveAuth removes the entries of auths with the keys, and tells whether there was one.
func (c *Config) RemoveAuth(keys ...string) bool { return c.remove(keyAuths, keys) }

// objects are those with the key that count: the ones behind the last null.
func (c *Config) objects(key string) []*hujson.Object {
	var all []*hujson.Object
	for _, m := range members(c.root) {
		if is(nameOf(m), key) {
			if o := object(m.Value); o != nil {
				all = append(all, o)
			} else {
				all = nil
			}
		}
	}
	return all
}

// deciding are the members of credHelpers that decide about a host, until one is inserted or removed.
func (c *Config) deciding() map[string]*hujson.ObjectMember {
	all := map[string]*hujson.ObjectMember{}
	for _, o := range c.objects(keyHelpers) {
		for i := range o.Members {
			all[nameOf(o.Members[i])] = &o.Members[i]
		}
	}
	return all
}

// makeHelpers is the object to put entries of credHelpers into.
func (c *Config) makeHelpers(r *Record) *hujson.Object {
	c.makeRoot(r)
	var same []*hujson.ObjectMember
	all := members(c.root)
	for i := range all {
		if is(nameOf(all[i]), keyHelpers) {
			same = append(same, &all[i])
		}
	}
	if n := len(same); n > 0 {
		last := same[n-1]
		switch o := object(last.Value); {
		case o != nil:
			if len(o.Members) == 0 {
				r.noteMember(string(hujson.Value{Value: o}.Pack()))
			}
			return o
		case n == 1:
			r.noteMember("null")
			o = &hujson.Object{}
			last.Value.Value = o
			return o
		}
		// This null takes back what other objects say before it, and must stay.
	}
	r.noteMember(made)
	o := &hujson.Object{}
	c.insert(object(c.root), 0, keyHelpers, o)
	return o
}

// makeRoot makes an object of a file that holds nothing.
func (c *Config) makeRoot(r *Record) {
	if len(members(c.root)) > 0 {
		return
	}
	if c.Exists {
		nothing := c.root.Pack()
		if c.blank {
			nothing = c.tail
		}
		r.noteBlank(string(nothing))
	} else {
		r.noteFile(c.missing)
	}
	switch {
	case c.blank:
		c.blank = false
		if len(c.tail) == 0 {
			c.tail = []byte("\n")
		}
		c.root = hujson.Value{Value: &hujson.Object{}}
	case object(c.root) == nil:
		c.root.Value = &hujson.Object{}
	}
}

// remove removes every member called one of the names from the objects with the key.
func (c *Config) remove(key string, names []string) bool {
	goes := make(map[string]bool, len(names))
	for _, name := range names {
		goes[name] = true
	}
	found := false
	for _, o := range c.objects(key) {
		if removeMembers(o, func(i int) bool { return goes[nameOf(o.Members[i])] }) {
			found = true
		}
	}
	return found
}

// quote is a string in JSON. HTML is none here, so <, > and & stay what they are.
func quote(s string) hujson.Literal {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always can be
	return hujson.Literal(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
