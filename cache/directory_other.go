//go:build !unix

package cache

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// A directory is an open cache directory. Owners and modes are not checked on this system: the
// access control list of the user's profile protects the files.
type directory struct {
	path   string
	open   *os.Root
	reused bool // stays open, see Options.ShortLived
}

func openDirectory(path string, private bool) (*directory, error) {
	if private {
		if fi, err := os.Lstat(path); err == nil && !fi.IsDir() {
			return nil, errAccessible
		}
	}
	r, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &directory{path: path, open: r}, nil
}

func (d *directory) close() {
	if !d.reused {
		d.open.Close()
	}
}

// writable returns true: only writing would show it.
func (d *directory) writable() bool { return true }

func (d *directory) root() (*os.Root, error) { return os.OpenRoot(d.path) }

// read returns the content of a regular file of at most limit bytes.
func (d *directory) read(name string, limit int, private bool) ([]byte, error) {
	fi, err := d.open.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errAbsent
	case err != nil:
		return nil, err
	case !fi.Mode().IsRegular():
		return nil, errNotRegular
	case fi.Size() > int64(limit):
		return nil, errTooLarge
	}
	file, err := d.open.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(b) > limit {
		return nil, errTooLarge
	}
	return b, err
}

// modTime returns the modification time of a file. It does not follow links.
func (d *directory) modTime(name string) (time.Time, error) {
	fi, err := d.open.Lstat(name)
	if err != nil {
		return time.Time{}, err
	}
	return fi.ModTime(), nil
}

// canWrite returns true: only writing would show it.
func canWrite(string) bool { return true }

func isRoot() bool { return false }

// isOwn reports whether path exists.
func isOwn(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isOwnOrRoots(fs.FileInfo) bool { return true }
