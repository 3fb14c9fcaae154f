//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package dockerconfig

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	lockWait = 5 * time.Second // a hundred edits
	lockTick = 10 * time.Millisecond
)

// lockFolder keeps other processes of this program away from a folder. It locks the folder itself, which leaves no file
// behind. Where that fails, or takes too long, an edit goes on without: a file that was written meanwhile is noticed.
func lockFolder(dir string) (unlock func(), alone bool) {
	d, err := os.Open(dir)
	if err != nil {
		return func() {}, false
	}
	for deadline := time.Now().Add(lockWait); ; time.Sleep(lockTick) {
		switch err := unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case err == nil:
			return func() { d.Close() }, true
		case err != unix.EWOULDBLOCK && err != unix.EINTR, time.Now().After(deadline):
			d.Close()
			return func() {}, false
		}
	}
}
