//go:build unix

package main

import (
	"os"
	"syscall"
)

// mayWrite tells whether this process may make files in a folder.
func mayWrite(dir string) bool {
	const write, search = 2, 1
	return syscall.Access(dir, write|search) == nil
}

// owns tells whether a folder is this user's.
func owns(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
