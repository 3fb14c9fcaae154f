//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package logfile

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/gofrs/flock"
)

const (
	openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	hasModes  = true
)

// isPrivate reports whether a file belongs to this user and has no other name: another hard link
// may be in a directory of another user.
func isPrivate(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid() && st.Nlink <= 1
}

// lock locks the file that the path names, without waiting. It creates no file.
func lock(path string) (unlock func(), ok bool) {
	l := flock.New(path, flock.SetFlag(os.O_RDONLY|openFlags))
	ok, err := l.TryLock()
	if err != nil || !ok {
		return nil, false
	}
	return func() { _ = l.Close() }, true
}
