package cache

import (
	"errors"
	"io/fs"
)

// A Status tells a person what the cache does and what keeps it from doing
// better.
type Status struct {
	// Folder is the one in use, or the one that the first Put will make; ""
	// when there is none.
	Folder   string `json:"folder,omitempty"`
	Exists   bool   `json:"exists"`
	Writable bool   `json:"writable"`

	// Trouble says why there is no folder, or why it cannot be written to.
	Trouble string `json:"trouble,omitempty"`

	// Passed lists the folders that come before it and are not used, each
	// with the reason.
	Passed []string `json:"passed,omitempty"`

	// Sealing says where the sealing key is or will be; "" when nowhere.
	Sealing string `json:"sealing,omitempty"`

	// OffDisk says that a stolen disk, a backup or an image layer leaves the
	// sealing key behind.
	OffDisk bool `json:"offDisk"`

	// SealingTrouble says why better places are not used, or why there is
	// none.
	SealingTrouble string `json:"sealingTrouble,omitempty"`

	// Locks says that one process can wait for another there.
	Locks        bool   `json:"locks"`
	LocksTrouble string `json:"locksTrouble,omitempty"`

	// Entries counts what Entries lists.
	Entries int `json:"entries"`
}

// Status looks at everything that a Get and a Put would use. It makes nothing
// but, in a folder that is there, a lock file.
func (d *Disk) Status() Status {
	var s Status
	if d.options.Disabled {
		s.Trouble = errDisabled.Error()
		return s
	}
	f := d.statusFolder(&s)
	if s.Folder == "" {
		s.Trouble = errNoFolder.Error()
		return s
	}
	if f == nil {
		s.LocksTrouble = "the folder is not there yet"
		d.statusSealing(&s, &folder{path: s.Folder})
		return s
	}
	defer f.close()
	if s.Writable = f.writable(); !s.Writable {
		s.Trouble = errReadOnly.Error()
	}
	d.statusSealing(&s, f)
	if lock, err := lockIn(f, "status"); err != nil {
		s.LocksTrouble = err.Error()
	} else if _, err := lock.TryLock(); err != nil {
		s.LocksTrouble = err.Error()
	} else {
		s.Locks = true
		_ = lock.Unlock()
	}
	s.Entries = len(d.Entries())
	return s
}

// statusFolder finds the folder as writing would; it is nil when it would have
// to be made.
func (d *Disk) statusFolder(s *Status) *folder {
	for c := range d.candidates {
		f, err := d.try(c)
		if err == nil {
			s.Folder, s.Exists = c.path, true
			return f
		}
		if errors.Is(err, fs.ErrNotExist) {
			if err = mayMake(c); err == nil {
				s.Folder = c.path
				return nil
			}
		}
		s.Passed = append(s.Passed, c.path+": "+err.Error())
	}
	return nil
}

func (d *Disk) statusSealing(s *Status, f *folder) {
	for _, p := range d.places(f) {
		_, err := p.read()
		if err == nil || errors.Is(err, errNoKey) || errors.Is(err, errBadKey) {
			s.Sealing, s.OffDisk = p.name(), p.offDisk()
			return
		}
		if s.SealingTrouble != "" {
			s.SealingTrouble += "; "
		}
		s.SealingTrouble += p.name() + ": " + err.Error()
	}
	if d.options.SealingRequired {
		s.SealingTrouble = "the settings forbid a sealing key on the disk; " + s.SealingTrouble
	}
}
