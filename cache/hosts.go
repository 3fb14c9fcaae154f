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
	hostsDir = "hosts"

	// maxHostFile is the size limit of an escaped host name. File systems allow 255 bytes, and a
	// host name has up to 253.
	maxHostFile = 253

	// hostRefresh is the age at which the modification time of a host's file is set again. It is
	// well below hostLifetime.
	hostRefresh = 7 * 24 * time.Hour
)

// AddHost remembers the name of a host for 30 days, for example one for which an entry was used. If
// the name is known, this only reads the modification time of a file.
func (d *Disk) AddHost(name string) {
	file, ok := escapeHost(name)
	if !ok || d.disabled != nil {
		return
	}
	now := d.options.Clock.now()
	if dir, err := d.openForReading(); err == nil {
		mtime, err := dir.modTime(hostsDir + "/" + file)
		dir.close()
		if err == nil && now.Sub(mtime) < hostRefresh {
			return
		}
	}
	if err := d.writeHost(file, now); err != nil {
		d.debug("host name not stored", "host", name, "reason", err)
	}
}

func (d *Disk) writeHost(file string, now time.Time) error {
	dir, root, err := d.create()
	if err != nil {
		return err
	}
	defer dir.close()
	defer root.Close()
	if err := root.Mkdir(hostsDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := root.OpenFile(hostsDir+"/"+file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return root.Chtimes(hostsDir+"/"+file, now, now)
}

// Hosts returns the host names that are remembered, sorted.
func (d *Disk) Hosts() []string {
	dir, root, err := d.openExisting()
	if err != nil {
		return nil
	}
	defer dir.close()
	defer root.Close()
	var list []string
	for _, file := range names(root, hostsDir) {
		if name, ok := unescapeHost(file); ok {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// RemoveHost removes a host name. A missing name is not an error.
func (d *Disk) RemoveHost(name string) error {
	file, ok := escapeHost(name)
	if !ok {
		return nil
	}
	dir, root, err := d.openExisting()
	if err != nil {
		return nil
	}
	defer dir.close()
	defer root.Close()
	if err := root.Remove(hostsDir + "/" + file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

const hexDigits = "0123456789abcdef"

// isPlain reports whether every file system accepts the byte in a file name. A dot is not accepted
// at either end: a leading one hides the file, and Windows drops a trailing one.
func isPlain(c byte, atEnd bool) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' && !atEnd
}

// escapeHost returns the file name of a host name. Other bytes than plain ones become %xx.
func escapeHost(name string) (file string, ok bool) {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; isPlain(c, i == 0 || i == len(name)-1) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String(), b.Len() > 0 && b.Len() <= maxHostFile
}

// unescapeHost is the inverse of escapeHost. ok is false for every other file name.
func unescapeHost(file string) (name string, ok bool) {
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
	again, ok := escapeHost(string(b))
	return string(b), ok && again == file
}
