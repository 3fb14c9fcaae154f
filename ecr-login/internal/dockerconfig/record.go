package dockerconfig

import (
	"bytes"
	"maps"
	"slices"

	"github.com/tailscale/hujson"
)

// A Record contains what an edit changed and the edited file no longer shows, so that Undo restores
// every byte. It contains no secret. The zero value is the record of a file that was not edited.
type Record struct {
	// File: the file was created. Dirs are the directories created for it, the innermost first.
	File bool     `json:"file,omitempty"`
	Dirs []string `json:"directories,omitempty"`

	// Blank is the text of a file without members: white space, null or an empty object, up to the
	// end of the value. Nil: it had members.
	Blank *string `json:"blank,omitempty"`

	// Helpers is credHelpers when it had no entries: the text of an empty object, "null", or "made"
	// when it was missing. Empty: it had entries.
	Helpers string `json:"credHelpers,omitempty"`

	// Entries are the entries that were written to credHelpers.
	Entries map[string]Entry `json:"entries,omitempty"`
}

// An Entry is what was written to credHelpers for a host.
type Entry struct {
	Helper string `json:"helper"`

	// Before is the JSON text of the replaced value, which need not be UTF-8. Empty: there was
	// none, or it was Withheld because it might contain a secret.
	Before   []byte `json:"before,omitempty"`
	Withheld bool   `json:"withheld,omitempty"`
}

// made is the Helpers of a record when credHelpers was missing.
const made = "made"

// noteFile records that the file is new. It keeps the directories of an earlier attempt that was
// killed after it created them.
func (r *Record) noteFile(dirs []string) {
	if r != nil {
		r.File = true
		r.Dirs = append(slices.Clone(dirs), r.Dirs...)
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

// noteEntry records an entry. Of several edits it keeps what was there before the first.
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

// clone returns a copy that can be changed without changing r. A nil record gives an empty one.
func (r *Record) clone() *Record {
	if r == nil {
		return &Record{}
	}
	c := *r
	c.Entries = maps.Clone(r.Entries)
	return &c
}

// Current returns r without the parts that no longer describe the file: entries that were changed
// or removed by other programs, and, when no entry is left, everything about the file's text. The
// next edit may add to it.
func (c *Config) Current(r *Record) *Record {
	r = r.clone()
	entries := c.effective()
	for host, e := range r.Entries {
		if m := entries[host]; m == nil || text(m.Value) != e.Helper {
			delete(r.Entries, host)
		}
	}
	if len(r.Entries) > 0 {
		return r
	}
	now := &Record{}
	if !c.Exists {
		now.Dirs = r.Dirs
	}
	return now
}

// Undo undoes what r records for the hosts. It reports whether the file still had any of it.
func (c *Config) Undo(r *Record, hosts ...string) bool {
	entries := c.effective()
	undone := false
	var gone []string
	for _, host := range hosts {
		e, ok := r.Entries[host]
		delete(r.Entries, host)
		m := entries[host]
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

// tidy restores the parts that had no members before the edit.
func (c *Config) tidy(r *Record) {
	c.tidyHelpers(r)
	if len(members(c.root)) > 0 {
		return
	}
	switch {
	case r.File && len(bytes.TrimSpace(c.tail)) > 0: // text that Docker ignores was added by hand
	case r.File:
		c.gone, c.emptied = true, r.Dirs
	case r.Blank != nil:
		if before, err := Parse([]byte(*r.Blank), Docker); err == nil && len(members(before.root)) == 0 {
			c.root, c.blank = before.root, before.blank
			if c.blank {
				c.tail = before.tail
			}
		}
	}
}

// tidyHelpers restores the credHelpers that helpersObject chose, when it is empty.
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
		} else if before, ok := emptyValue(r.Helpers); ok {
			all[i].Value.Value = before
		}
		return
	}
}

// emptyValue returns the value of a text that must be an empty object or null: a record may be
// damaged.
func emptyValue(text string) (hujson.ValueTrimmed, bool) {
	v, err := hujson.Parse([]byte(text))
	if err != nil || !v.IsStandard() || len(members(v)) > 0 || v.Value.Kind() != '{' && v.Value.Kind() != 'n' {
		return nil, false
	}
	return v.Value, true
}
