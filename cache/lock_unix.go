//go:build unix

package cache

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// lockFlags are the flags with which a lock file is opened. A link is not followed, and a FIFO does
// not block.
var lockFlags = lockAccess() | os.O_CREATE | unix.O_NOFOLLOW | unix.O_NONBLOCK

// lockAccess returns os.O_RDWR on Solaris and AIX, where an exclusive lock needs write access.
func lockAccess() int {
	switch runtime.GOOS {
	case "aix", "solaris", "illumos":
		return os.O_RDWR
	}
	return os.O_RDONLY
}
