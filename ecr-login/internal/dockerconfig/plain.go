package dockerconfig

import (
	"bytes"
	"slices"
)

// Append adds text to the end of a file of the client Plain. If r is not nil and the file or
// directories above it are new, it records that.
func (c *Config) Append(text string, r *Record) {
	if !c.Exists {
		r.noteFile(c.missing)
	}
	c.tail = append(slices.Clone(c.tail), text...)
}

// Cut removes the first occurrence of text from a file of the client Plain. It reports whether the
// file has it and accepts accepts what follows.
func (c *Config) Cut(text string, accepts func(rest []byte) bool) bool {
	before, after, found := bytes.Cut(c.tail, []byte(text))
	if !found || !accepts(after) {
		return false
	}
	c.tail = slices.Concat(before, after)
	return true
}

// RemoveEmpty removes a file of the client Plain that is empty and that r records as new.
func (c *Config) RemoveEmpty(r *Record) {
	if c.Exists && len(c.tail) == 0 && r.File {
		c.gone, c.emptied = true, r.Dirs
	}
}
