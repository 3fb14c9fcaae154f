package dockerconfig

import (
	"bytes"
	"maps"
	"slices"

	"github.com/tailscale/hujson"
)

// A Record is what edits did to a file, as far as the file itself cannot tell: so that they can be taken back to the
// byte. It holds no secret. The zero value is that of a file that nobody edited.
type Record struct {
	// File: the file was made. Folders: those that were made for it, the innermost first.
	File    bool     `json:"file,omitempty"`
	Folders []string `json:"folders,omitempty"`

	// Blank is the text of a file that held nothing, up to its end or that of the value: white space, null or an empty
	// object. Nil: it held something.
	Blank *string `json:"blank,omitempty"`

	// Helpers says what credHelpers was when it held nothing: an empty object's text, "null", or "made" when it was
	// not there. Empty: it held something.
	Helpers string `json:"credHelpers,omitempty"`

	// Entries are those that were written into credHelpers.
	Entries map[string]Entry `json:"entries,omitempty"`
}

// An Entry is what was written into credHelpers for a host.
type Entry struct {
	Helper string `json:"helper"`

	// Before is the JSON text of the value it replaced, which need not be UTF-8; empty: there was none, or it is
	// withheld: it might have held a secret.
	Before   []byte `json:"before,omitempty"`
	Withheld bool   `json:"withheld,omitempty"`
}

// made marks a credHelpers that was not there.
const made = "made"

// noteFile keeps the folders of an earlier attempt, which made them and was killed.
func (r *Record) noteFile(folders []string) {
	if r != nil {
		r.File = true
		r.Folders = append(slices.Clone(folders), r.Folders...)
	}
}

func (r *Record) noteBlank(text string) {
	if r != nil && r.Blank == nil {
		r.Blank = &text
	}
}

func (r *Record) noteMember(before string) {
	if r != nil && r.Helpers == "" {
		r.Helpers = before
	}
}

// noteEntry keeps what was there before the first of several edits.
func (r *Record) noteEntry(host string, e Entry) {
	if r == nil {
		return
	}
	if r.Entries == nil {
		r.Entries = map[string]Entry{}
	}
	if old, ok := r.Entries[host]; ok {
		e.Before, e.Withheld = old.Before, old.Withheld
	}
	r.Entries[host] = e
}

// clone is a record that can be changed without changing r. Nil is an empty one.
func (r *Record) clone() *Record {
	if r == nil {
		return &Record{}
	}
	c := *r
	c.Entries = maps.Clone(r.Entries)
	return &c
}

// Current is r without what is no longer true of the file: entries that somebody changed or removed, and, where no
// entry is left, all that was noted about the file's text. It is what the next edit may add to.
func (c *Config) Current(r *Record) *Record {
	r = r.clone()
	there := c.deciding()
	for host, e := range r.Entries {
		if m := there[host]; m == nil || text(m.Value) != e.Helper {
			delete(r.Entries, host)
		}
	}
	if len(r.Entries) > 0 {
		return r
	}
	now := &Record{}
	if !c.Exists {
		now.Folders = r.Folders
	}
	return now
}

// Undo takes back what r says was written for the hosts, and tells whether the file still had any of it.
func (c *Config) Undo(r *Record, hosts ...string) bool {
	there := c.deciding()
	undone := false
	var gone []string
	for _, host := range hosts {
		e, ok := r.Entries[host]
		delete(r.Entries, host)
		m := there[host]
		if !ok || m == nil || text(m.Value) != e.Helper {
			continue
		}
		undone = true
		if before := hujson.Literal(e.Before); before.IsValid() && (before.Kind() == '"' || before.Kind() == 'n') {
			m.Value.Value = before
		} else {
			gone = append(gone, host)
		}
	}
	if len(gone) > 0 {
		c.remove(keyHelpers, gone)
		c.tidy(r)
	}
	return undone
}

// tidy puts back what held nothing before.
func (c *Config) tidy(r *Record) {
	c.tidyHelpers(r)
	if len(members(c.root)) > 0 {
		return
	}
	switch {
	case r.File && len(bytes.TrimSpace(c.tail)) > 0: // somebody's notes, which Docker does not look at
	case r.File:
		c.gone, c.emptied = true, r.Folders
	case r.Blank != nil:
		if before, err := Parse([]byte(*r.Blank), Docker); err == nil && len(members(before.root)) == 0 {
			c.root, c.blank = before.root, before.blank
			if c.blank {
				c.tail = before.tail
			}
		}
	}
}

// tidyHelpers looks at the credHelpers that makeHelpers chose.
func (c *Config) tidyHelpers(r *Record) {
	all := members(c.root)
	for i := range slices.Backward(all) {
		if !is(nameOf(all[i]), keyHelpers) {
			continue
		}
		if o := object(all[i].Value); o == nil || len(o.Members) > 0 {
			return
		}
		if r.Helpers == made {
			removeMember(object(c.root), i)
		} else if before, ok := nothing(r.Helpers); ok {
			all[i].Value.Value = before
		}
		return
	}
}

// nothing is the value with a text that must be that of an empty object or null: a record is a file, and may be damaged.
func nothing(text string) (hujson.ValueTrimmed, bool) {
	v, err := hujson.Parse([]byte(text))
	if err != nil || !v.IsStandard() || len(members(v)) > 0 || v.Value.Kind() != '{' && v.Value.Kind() != 'n' {
		return nil, false
	}
	return v.Value, true
}
