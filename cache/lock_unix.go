//go:build unix

package cache

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// lockFlags open a lock file without following a link and without waiting for
// the other end of a pipe.
var lockFlags = lockAccess() | os.O_CREATE | unix.O_NOFOLLOW | unix.O_NONBLOCK

// lockAccess: Solaris and AIX lock for writing only what can be written.
func lockAccess() int {
	switch runtime.GOOS {
	case "aix", "solaris", "illumos":
		return os.O_RDWR
	}
	return os.O_RDONLY
}
