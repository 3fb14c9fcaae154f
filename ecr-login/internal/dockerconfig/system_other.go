//go:build !unix

package dockerconfig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
)

// readFlags open a file.
const readFlags = os.O_RDONLY

// isOwn returns true: owners are not examined.
func isOwn(fs.FileInfo) bool { return true }

// keepGroup does nothing: a new file takes the access control list of its directory.
func keepGroup(*os.File, fs.FileInfo) error { return nil }

// isReadOnlyDir returns false: the read-only attribute of a directory does not keep Windows from
// creating files in it. Directories with an icon of their own have it.
func isReadOnlyDir(fs.FileInfo) bool { return false }

// makeWritable returns the command that makes a file writable.
func makeWritable(path string) string { return "attrib -R " + process.Quote(path) }

// isLink returns false: readFlags refuse no link.
func isLink(error) bool { return false }

// removeDir removes an empty directory and nothing else.
func removeDir(path string) error {
	info, err := os.Lstat(path)
	if err == nil && !info.IsDir() {
		return fs.ErrInvalid
	}
	return os.Remove(path)
}

// isBusy reports whether another program keeps the file from being opened or replaced.
func isBusy(err error) bool {
	const accessDenied, sharingViolation = syscall.Errno(5), syscall.Errno(32)
	return errors.Is(err, accessDenied) || errors.Is(err, sharingViolation)
}

// lockName is the file that is locked: Windows cannot lock a directory.
const lockName = ".ecr-login.lock"

// newLock returns the lock of a directory.
func newLock(dir string) *lock { return &lock{flock: flock.New(filepath.Join(dir, lockName))} }

// unlock releases the lock and removes its file, which fails while another process waits for it.
func (l *lock) unlock() {
	_ = l.flock.Close()
	_ = os.Remove(l.flock.Path())
}

// unlockAfter releases the lock and calls remove, which may remove the directory if it is empty.
func (l *lock) unlockAfter(remove func()) {
	l.unlock()
	remove()
}

// lstatWithoutLinks returns the information of a file. Windows lets only administrators and
// developers create links.
func lstatWithoutLinks(path string) (fs.FileInfo, error) { return os.Stat(path) }
