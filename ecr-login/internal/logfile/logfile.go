// Package logfile appends to a log file that many processes share and that stays small.
//
// Each record is one write, which the system appends as a whole. A full file is renamed to FILE.1,
// over the previous one, so that both together keep at least the last megabyte and hardly more than
// two. A file of another user, a symbolic link, a FIFO and a device are refused. Where the file
// cannot be renamed, logging stops at twice its size.
package logfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// MaxSize is the size at which a log file is renamed. A get writes about 3 kB.
const MaxSize = 1 << 20

// A File is a log file. It is opened by the first write.
type File struct {
	// Path is the absolute path.
	Path string

	// Warn is called with the first error of a write; it may be nil.
	Warn func(error)

	maxSize int64 // 0: MaxSize

	mu     sync.Mutex
	file   *os.File
	warned bool
}

// Write appends a record. It never fails, because a command must not fail because of its log.
func (f *File) Write(record []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.write(record); err != nil && !f.warned {
		f.warned = true
		if f.Warn != nil {
			f.Warn(err)
		}
	}
	return len(record), nil
}

func (f *File) write(record []byte) error {
	if f.maxSize == 0 {
		f.maxSize = MaxSize
	}
	// Twice: after a rename by another process, the new file may be full as well.
	for range 2 {
		if err := f.open(); err != nil {
			return err
		}
		info, err := f.file.Stat()
		if err != nil {
			return err
		}
		if info.Size()+int64(len(record)) <= f.maxSize || !f.rotate(info) {
			if info.Size() > 2*f.maxSize {
				return errFull
			}
			break
		}
		f.file.Close()
		f.file = nil
	}
	if err := f.open(); err != nil {
		return err
	}
	_, err := f.file.Write(record)
	return err
}

// rotate renames the open file, unless another process does or did. It reports whether the path
// names another file now. The lock makes the comparison and the rename one step, so that no process
// renames the new file.
func (f *File) rotate(open fs.FileInfo) bool {
	unlock, ok := lock(f.Path)
	if !ok {
		return false // another process renames it: this record goes to the old file
	}
	defer unlock()
	if named, err := os.Lstat(f.Path); err == nil && os.SameFile(named, open) {
		return os.Rename(f.Path, f.Path+".1") == nil
	}
	return true
}

var (
	errNotAbsolute = errors.New("the path is not absolute, and clients run this program in any directory")
	errFull        = errors.New("the file is full and cannot be renamed")
	errNotPrivate  = errors.New("the file is not a regular file of this user alone")
)

// open opens the file to append to it, and creates it if necessary. It follows no link and does not
// wait for a FIFO.
func (f *File) open() error {
	if f.file != nil {
		return nil
	}
	if !filepath.IsAbs(f.Path) {
		return errNotAbsolute
	}
	if info, err := os.Lstat(f.Path); err == nil && !info.Mode().IsRegular() {
		return errNotPrivate
	}
	file, err := os.OpenFile(f.Path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|openFlags, 0o600)
	if err != nil {
		var inner *fs.PathError
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular() || !isPrivate(info):
		err = errNotPrivate
	case info.Mode().Perm()&0o077 != 0 && hasModes:
		err = file.Chmod(0o600)
	}
	if err != nil {
		file.Close()
		return err
	}
	f.file = file
	return nil
}
