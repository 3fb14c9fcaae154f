package cache

import (
	"errors"
	"io/fs"
	"strings"
)

// A Status describes where a [Disk] stores its files and what prevents it from doing so. The texts
// are for people.
type Status struct {
	// Dir is the cache directory, or the one that the first Put will create; "" if there is none.
	Dir      string `json:"directory,omitempty"`
	Exists   bool   `json:"exists"`
	Writable bool   `json:"writable"`

	// Problem is the reason why there is no directory, or why it is not writable.
	Problem string `json:"trouble,omitempty"`

	// Skipped are the directories that come before Dir but cannot be used.
	Skipped []SkippedDir `json:"skipped,omitempty"`

	// KeyStore is where the sealing key is or will be; "" if there is no place for it.
	KeyStore string `json:"sealing,omitempty"`

	// KeyOffDisk reports whether a stolen disk, a backup or an image layer does not contain the
	// sealing key.
	KeyOffDisk bool `json:"offDisk"`

	// KeyProblem is the reason why better key stores, or all of them, cannot be used.
	KeyProblem string `json:"sealingTrouble,omitempty"`

	// Locks reports whether file locks work in the directory.
	Locks        bool   `json:"locks"`
	LocksProblem string `json:"locksTrouble,omitempty"`

	// Entries is the number of entries that Get returns.
	Entries int `json:"entries"`
}

// A SkippedDir is a directory that cannot be used for the cache.
type SkippedDir struct {
	Path string
	Err  error // the reason
}

// MarshalText returns the path and the reason.
func (s SkippedDir) MarshalText() ([]byte, error) { return []byte(s.Path + ": " + s.Err.Error()), nil }

// Status checks everything that Get and Put use. In an existing directory it creates a lock file.
func (d *Disk) Status() Status {
	var s Status
	if d.disabled != nil {
		s.Problem = d.disabled.Error()
		return s
	}
	dir := d.statusDir(&s)
	if s.Dir == "" {
		s.Problem = errNoUsableDir.Error()
		return s
	}
	if dir == nil {
		s.LocksProblem = "the directory does not exist yet"
		d.statusKey(&s, &directory{path: s.Dir})
		return s
	}
	defer dir.close()
	if s.Writable = dir.writable(); !s.Writable {
		s.Problem = errNotWritable.Error()
	}
	d.statusKey(&s, dir)
	if lock, err := lockIn(dir, "status"); err != nil {
		s.LocksProblem = err.Error()
	} else if _, err := lock.TryLock(); err != nil {
		s.LocksProblem = err.Error()
	} else {
		s.Locks = true
		_ = lock.Unlock()
	}
	s.Entries = d.Inventory().validEntries()
	return s
}

// statusDir finds the directory that a Put would use. It returns nil if that does not exist yet.
func (d *Disk) statusDir(s *Status) *directory {
	for c := range d.candidates {
		dir, err := d.try(c)
		if err == nil {
			s.Dir, s.Exists = c.path, true
			return dir
		}
		if errors.Is(err, fs.ErrNotExist) {
			if err = canCreate(c); err == nil {
				s.Dir = c.path
				return nil
			}
		}
		s.Skipped = append(s.Skipped, SkippedDir{c.path, err})
	}
	return nil
}

// statusKey finds the store of the sealing key that a Put would use.
func (d *Disk) statusKey(s *Status, dir *directory) {
	var problems []string
	for _, store := range d.usableKeyStores(dir) {
		_, err := store.read()
		if err == nil || errors.Is(err, errNoKey) || errors.Is(err, errBadKey) {
			s.KeyStore, s.KeyOffDisk = store.name(), store.offDisk()
			break
		}
		problems = append(problems, store.name()+": "+err.Error())
	}
	if s.KeyStore == "" && d.options.SealingRequired {
		problems = append(problems, "the settings forbid a sealing key on the disk")
	}
	s.KeyProblem = strings.Join(problems, "; ")
}
