package cache

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	notesDir = "hosts"

	// maxNote is what is left of the 255 bytes that file systems allow when
	// a port is escaped. No host name is longer.
	maxNote = 253

	// noteRenew is how old a note may get before its time is set anew, long
	// before the cleaning would take it.
	noteRenew = 7 * 24 * time.Hour
)

// Note remembers a name, such as that of a host that was served. It costs one
// look at a file when the name is known.
func (d *Disk) Note(name string) {
	file, ok := escapeNote(name)
	if !ok || d.options.Disabled {
		return
	}
	now := d.options.Clock.now()
	if f, err := d.reading(); err == nil {
		mtime, err := f.modTime(notesDir + "/" + file)
		f.close()
		if err == nil && now.Sub(mtime) < noteRenew {
			return
		}
	}
	if err := d.writeNote(file, now); err != nil {
		d.debug("name not noted", "name", name, "reason", err)
	}
}

func (d *Disk) writeNote(file string, now time.Time) error {
	f, dir, err := d.openWriting()
	if err != nil {
		return err
	}
	defer f.close()
	defer dir.Close()
	if err := dir.Mkdir(notesDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	note, err := dir.OpenFile(notesDir+"/"+file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = note.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return dir.Chtimes(notesDir+"/"+file, now, now)
}

// Notes lists the names that were noted and not cleaned away since, in order.
func (d *Disk) Notes() []string {
	f, dir, err := d.openExisting()
	if err != nil {
		return nil
	}
	defer f.close()
	defer dir.Close()
	var list []string
	for _, file := range names(dir, notesDir) {
		if name, ok := unescapeNote(file); ok {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// Forget takes a note back. It is no error when there is none.
func (d *Disk) Forget(name string) error {
	file, ok := escapeNote(name)
	if !ok {
		return nil
	}
	f, dir, err := d.openExisting()
	if err != nil {
		return nil
	}
	defer f.close()
	defer dir.Close()
	if err := dir.Remove(notesDir + "/" + file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

const hexDigits = "0123456789abcdef"

// plainInNote are the bytes that every file system takes as they are. A dot
// must not come first, nor last (Windows drops it).
func plainInNote(c byte, edge bool) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' && !edge
}

// escapeNote makes a file name of a note; other bytes become %xx.
func escapeNote(name string) (file string, ok bool) {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; plainInNote(c, i == 0 || i == len(name)-1) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String(), b.Len() > 0 && b.Len() <= maxNote
}

// unescapeNote is the inverse of escapeNote. Files with other names are not
// notes.
func unescapeNote(file string) (name string, ok bool) {
	b := make([]byte, 0, len(file))
	for i := 0; i < len(file); i++ {
		c := file[i]
		if c == '%' {
			if i+2 >= len(file) {
				return "", false
			}
			hi, lo := strings.IndexByte(hexDigits, file[i+1]), strings.IndexByte(hexDigits, file[i+2])
			if hi < 0 || lo < 0 {
				return "", false
			}
			c = byte(hi<<4 | lo)
			i += 2
		}
		b = append(b, c)
	}
	again, ok := escapeNote(string(b))
	return string(b), ok && again == file
}
