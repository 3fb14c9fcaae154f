//go:build !unix

package cache

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// A folder is open. Owners and modes say nothing here: who can read the user's
// profile is the matter of its access control list.
type folder struct {
	path string
	dir  *os.Root
	held bool // stays open, see Disk.Hold
}

func openFolder(path string, private bool) (*folder, error) {
	if private {
		if fi, err := os.Lstat(path); err == nil && !fi.IsDir() {
			return nil, errNotOurs
		}
	}
	r, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &folder{path: path, dir: r}, nil
}

func (f *folder) close() {
	if !f.held {
		f.dir.Close()
	}
}

// writable cannot be told without writing.
func (f *folder) writable() bool { return true }

func (f *folder) root() (*os.Root, error) { return os.OpenRoot(f.path) }

// read returns the regular file name of at most limit bytes.
func (f *folder) read(name string, limit int, private bool) ([]byte, error) {
	fi, err := f.dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errAbsent
	case err != nil:
		return nil, err
	case !fi.Mode().IsRegular():
		return nil, errNotRegular
	case fi.Size() > int64(limit):
		return nil, errTooBig
	}
	file, err := f.dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(b) > limit {
		return nil, errTooBig
	}
	return b, err
}

// modTime is the time of what has the name, without following a link.
func (f *folder) modTime(name string) (time.Time, error) {
	fi, err := f.dir.Lstat(name)
	if err != nil {
		return time.Time{}, err
	}
	return fi.ModTime(), nil
}

func canWrite(string) bool { return true } // cannot be told without writing

func isRoot() bool { return false }

// ours reports whether path is there.
func ours(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func oursOrRoots(fs.FileInfo) bool { return true }
