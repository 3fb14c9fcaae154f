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
	for deadline := time.Now().Add(lockWait); ; {
		d, err := os.Open(dir)
		if err != nil {
			return func() {}, false
		}
		switch err := unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case err == nil && isStill(d, dir):
			return func() { d.Close() }, true
		case err == nil:
			d.Close() // its last user removed it
			continue
		case err != unix.EWOULDBLOCK && err != unix.EINTR, time.Now().After(deadline):
			d.Close()
			return func() {}, false
		}
		d.Close()
		time.Sleep(lockTick)
	}
}

// isStill reports whether an open folder is the one at the path.
func isStill(d *os.File, path string) bool {
	have, err := d.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(have, now)
}
