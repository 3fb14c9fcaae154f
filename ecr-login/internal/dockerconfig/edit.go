package dockerconfig

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/tailscale/hujson"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// Text returns the file's text with all edits. Without edits it is the text that was read.
func (c *Config) Text() []byte {
	if c.blank {
		return bytes.Clone(c.tail)
	}
	return append(c.root.Pack(), c.tail...)
}

// Changed reports whether an edit changed anything.
func (c *Config) Changed() bool { return c.gone || !bytes.Equal(c.Text(), c.text) }

// Gone reports whether the file is to be removed.
func (c *Config) Gone() bool { return c.gone }

// SetHelper sets the helper of a host. It records in r what Undo needs; r may be nil.
func (c *Config) SetHelper(host, helper string, r *Record) {
	c.SetHelpers([]string{host}, func(string) string { return helper }, r)
}

// SetHelpers sets the helper of several hosts. The work grows with the size of the file, not with
// its square.
func (c *Config) SetHelpers(hosts []string, helperOf func(host string) string, r *Record) {
	if len(hosts) == 0 {
		return
	}
	object := c.helpersObject(r)
	entries := c.effective()
	var more []string // inserted last, because that moves the members
	for _, host := range hosts {
		m, helper := entries[host], helperOf(host)
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
			helper := helperOf(host)
			r.noteEntry(host, Entry{Helper: helper})
			c.insert(object, 1, host, quote(helper))
		}
	}
}

// RemoveHelper removes the entries of credHelpers for the hosts, and credHelpers when it is empty
// then. It reports whether there was an entry.
func (c *Config) RemoveHelper(hosts ...string) bool {
	found := c.remove(keyHelpers, hosts)
	if !found || len(c.Helpers()) > 0 {
		return found
	}
	root := object(c.root)
	for i, m := range slices.Backward(root.Members) {
		if is(nameOf(m), keyHelpers) && object(m.Value) == nil {
			break // entries before a null have no effect, and stay
		}
		if is(nameOf(m), keyHelpers) && len(members(m.Value)) == 0 {
			removeMember(root, i)
		}
	}
	return found
}

// RemoveAuth removes the entries of auths with the keys. It reports whether there was one.
func (c *Config) RemoveAuth(keys ...string) bool { return c.remove(keyAuths, keys) }

// objects returns the objects under a key that have an effect: those after the last null.
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

// effective returns the members of credHelpers that have an effect, by host. They are valid until
// one is inserted or removed.
func (c *Config) effective() map[string]*hujson.ObjectMember {
	all := map[string]*hujson.ObjectMember{}
	for _, o := range c.objects(keyHelpers) {
		for i := range o.Members {
			all[nameOf(o.Members[i])] = &o.Members[i]
		}
	}
	return all
}

// helpersObject returns the object for new entries of credHelpers. It creates one if necessary.
func (c *Config) helpersObject(r *Record) *hujson.Object {
	c.createRoot(r)
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
		// This null cancels the objects before it, and must stay.
	}
	r.noteMember(made)
	o := &hujson.Object{}
	c.insert(object(c.root), 0, keyHelpers, o)
	return o
}

// createRoot turns an empty file, null or an empty object into an object for members.
func (c *Config) createRoot(r *Record) {
	if len(members(c.root)) > 0 {
		return
	}
	if c.Exists {
		text := c.root.Pack()
		if c.blank {
			text = c.tail
		}
		r.noteBlank(string(text))
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

// remove removes every member with one of the names from the objects under a key.
func (c *Config) remove(key string, names []string) bool {
	named := make(map[string]bool, len(names))
	for _, name := range names {
		named[name] = true
	}
	found := false
	for _, o := range c.objects(key) {
		if removeMembers(o, func(i int) bool { return named[nameOf(o.Members[i])] }) {
			found = true
		}
	}
	return found
}

// quote returns a string as JSON, without the escapes for HTML.
func quote(s string) hujson.Literal {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // cannot fail for a string
	return hujson.Literal(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
