//go:build unix

package doctor

import (
	"io/fs"
	"os"
	"syscall"
)

// ownerOf is the user id that a file belongs to.
func ownerOf(info fs.FileInfo) (uid int, known bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

// ours reports whether a file is this user's, and its mode means what it says.
func ours(info fs.FileInfo) bool {
	uid, known := ownerOf(info)
	return known && uid == os.Geteuid()
}

// writable reports whether this user can make files in the folder.
func writable(path string) bool {
	const write, search = 2, 1 // W_OK, X_OK of access(2)
	return syscall.Access(path, write|search) == nil
}
