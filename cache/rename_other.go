//go:build !unix

package cache

import (
	"errors"
	"os"
	"syscall"
	"time"
)

const (
	// renameWait is how long other processes may read a file before it cannot be replaced. Reading
	// one takes less than a millisecond, and longer on a machine that is overloaded.
	renameWait = 2 * time.Second
	renameTick = 5 * time.Millisecond
)

// rename replaces a file. Some file systems, such as FAT and those of servers, refuse to replace a
// file that another process has open, so rename repeats it.
func rename(root *os.Root, from, to string) error {
	const accessDenied, sharingViolation = syscall.Errno(5), syscall.Errno(32)
	for deadline := time.Now().Add(renameWait); ; time.Sleep(renameTick) {
		err := root.Rename(from, to)
		if !errors.Is(err, accessDenied) && !errors.Is(err, sharingViolation) || time.Now().After(deadline) {
			return err
		}
		if fi, e := root.Lstat(to); e == nil && fi.IsDir() {
			return err // which stays a directory
		}
	}
}
