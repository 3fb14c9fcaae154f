// Package fileaccess reports the owner of a file, and whether the running user or another user can
// change it.
//
// It reads owners and permission bits only. Access control lists are not examined, so on Windows,
// where they decide, no file counts as another user's.
package fileaccess

import (
	"io/fs"
	"os"
	"os/user"
	"strconv"
)

// SudoUser returns the user with the ID as "sudo -u" takes it in a shell: the user's name, or the
// quoted ID when the user has no name.
func SudoUser(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil && u.Username != "" {
		return u.Username
	}
	return "'#" + strconv.Itoa(uid) + "'"
}

// UserText returns the name and ID of a user for an error message, such as "bob (user ID 1001)".
func UserText(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil && u.Username != "" {
		return u.Username + " (user ID " + strconv.Itoa(uid) + ")"
	}
	return "user ID " + strconv.Itoa(uid)
}

// Same reports whether both paths lead to the same existing file.
func Same(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// IsRoot reports whether the process runs as root.
func IsRoot() bool { return os.Geteuid() == 0 }

// groupText returns the ID of a group for an error message.
func groupText(gid int) string { return "its group (group ID " + strconv.Itoa(gid) + ")" }

// OwnerText returns the name and ID of a file's owner for an error message.
func OwnerText(info fs.FileInfo) string {
	if uid, known := Owner(info); known {
		return UserText(uid)
	}
	return "an unknown user"
}
