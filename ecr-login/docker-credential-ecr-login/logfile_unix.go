//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package main

import (
	"io/fs"
	"os"
	"syscall"
)

const (
	logFlags   = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	checksMode = true
)

// isPrivate tells whether a file is this user's and has no other name: a second one may be in a folder of somebody else's
// choice.
func isPrivate(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid() && st.Nlink <= 1
}

// tryLock takes the file's lock, which ends when the file is closed.
func tryLock(file *os.File) bool {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
