//go:build unix

package dockerconfig

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/gofrs/flock"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
)

// readFlags open a file without waiting for the other end of a pipe and without following a link.
const readFlags = os.O_RDONLY | syscall.O_NONBLOCK | syscall.O_NOFOLLOW

// isOwn reports whether a temporary file is the running user's.
func isOwn(info fs.FileInfo) bool { return fileaccess.IsMine(info) }

// keepGroup gives a new file the group of the one that it replaces.
func keepGroup(f *os.File, like fs.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	want, ok := like.Sys().(*syscall.Stat_t)
	if have, _ := info.Sys().(*syscall.Stat_t); !ok || have == nil || have.Gid == want.Gid {
		return nil
	}
	return f.Chown(-1, int(want.Gid))
}

// isReadOnlyDir reports whether the mode of a directory denies everyone write access.
func isReadOnlyDir(info fs.FileInfo) bool { return info.Mode().Perm()&0o222 == 0 }

// makeWritable returns the command that makes a file writable for its owner.
func makeWritable(path string) string { return "chmod u+w " + process.Quote(path) }

// isLink reports whether readFlags refused a link. The path had none when it was followed.
func isLink(err error) bool { return errors.Is(err, syscall.ELOOP) }

// removeDir removes an empty directory and nothing else. os.Remove would remove a file, too.
func removeDir(path string) error { return syscall.Rmdir(path) }

// isBusy reports whether another program keeps the file from being opened or replaced: never here.
func isBusy(error) bool { return false }

// newLock returns the lock of a directory. The directory itself is locked, so that no file is left.
func newLock(dir string) *lock { return &lock{flock: flock.New(dir, flock.SetFlag(os.O_RDONLY))} }

// unlock releases the lock.
func (l *lock) unlock() { _ = l.flock.Close() }

// unlockAfter calls remove, which may remove the directory, and releases the lock. No
// other process uses the directory until then.
func (l *lock) unlockAfter(remove func()) {
	remove()
	l.unlock()
}
