//go:build unix

package fileaccess

import (
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
)

// Owner returns the user ID of the file's owner. It is not known where files have no such owner.
func Owner(info fs.FileInfo) (uid int, known bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

// IsMine reports whether the running user owns the file.
func IsMine(info fs.FileInfo) bool {
	uid, known := Owner(info)
	return known && uid == os.Geteuid()
}

// IsAnothers reports whether another user owns the file.
func IsAnothers(info fs.FileInfo) bool {
	uid, known := Owner(info)
	return known && uid != os.Geteuid()
}

// CanCreateIn reports whether the running user may create files in the directory.
func CanCreateIn(dir string) bool {
	const write, search = 2, 1 // W_OK and X_OK of access(2)
	return syscall.Access(dir, write|search) == nil
}

// IsTrusted reports whether the owner of the file is root or the running user. A user namespace
// shows the owners that it does not map, such as the host's root, as one overflow user ID; inside
// such a namespace that user counts as root.
func IsTrusted(info fs.FileInfo) bool {
	uid, known := Owner(info)
	return !known || uid == 0 || uid == os.Geteuid() || uid == overflowUser()
}

// ChangedBy returns the user or group, other than root and the running user, that can add, remove
// or replace names in a directory: "bob (user ID 1001)", "every user" or "its group (group ID 20)".
// It returns an empty string when only root and the running user can. Sticky directories protect
// the names of each owner and count as safe. A directory that its group can write to counts for
// root only: many systems give each user a group of their own.
func ChangedBy(dir fs.FileInfo) string {
	st, ok := dir.Sys().(*syscall.Stat_t)
	switch mode := dir.Mode(); {
	case !ok:
		return ""
	case !IsTrusted(dir):
		return UserText(int(st.Uid))
	case mode&fs.ModeSticky != 0:
		return ""
	case mode&0o002 != 0:
		return "every user"
	case mode&0o020 != 0 && st.Gid != 0 && IsRoot():
		return groupText(int(st.Gid))
	}
	return ""
}

// overflowUser returns the user ID that stands for users which the process's user namespace does
// not map, and -1 in the initial namespace.
func overflowUser() int {
	if !InUserNamespace() {
		return -1
	}
	return 65534 // the kernel's default of kernel.overflowuid
}

// InUserNamespace reports whether the process runs in a user namespace that maps only some users,
// such as that of rootless podman.
var InUserNamespace = sync.OnceValue(func() bool {
	mapping, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && strings.Join(strings.Fields(string(mapping)), " ") != "0 0 4294967295"
})
