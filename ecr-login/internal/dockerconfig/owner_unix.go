//go:build unix

package dockerconfig

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// who names a file's owner.
func who(info fs.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("user ID %d owns it, this is user ID %d", st.Uid, os.Geteuid())
	}
	return "its owner is not known"
}

// strangers reports whether the file is not ours to edit. Everything is root's.
func strangers(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && os.Geteuid() != 0 && int(st.Uid) != os.Geteuid()
}

func canWrite(dir string) bool { return unix.Access(dir, unix.W_OK|unix.X_OK) == nil }

// dress gives a new file the owner and mode of the one it replaces, or of a file of its own in that folder.
func dress(f *os.File, like fs.FileInfo, dir string) error {
	mode, from := fs.FileMode(0o600), like
	if like != nil {
		mode = like.Mode().Perm()
	} else if from, _ = os.Stat(dir); from == nil || os.Geteuid() != 0 {
		return f.Chmod(mode)
	}
	if want, ok := from.Sys().(*syscall.Stat_t); ok {
		var have unix.Stat_t
		if err := unix.Fstat(int(f.Fd()), &have); err != nil {
			return err
		}
		if have.Uid != want.Uid || have.Gid != want.Gid {
			if err := f.Chown(int(want.Uid), int(want.Gid)); err != nil {
				return fmt.Errorf("keeping its owner and group: %w", err)
			}
		}
	}
	return f.Chmod(mode)
}

// inherit gives what root made to who owns the folder it is in.
func inherit(dir string) {
	if os.Geteuid() != 0 {
		return
	}
	// Whoever owns the folder around it may have put a link, or a second name of a file of root's, in its place.
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	var around unix.Stat_t
	if unix.Fstatat(fd, "..", &around, 0) == nil {
		_ = unix.Fchown(fd, int(around.Uid), int(around.Gid))
	}
}

// removeFolder removes an empty folder and nothing else; os.Remove would take a file, too.
func removeFolder(dir string) error { return unix.Unlinkat(unix.AT_FDCWD, dir, unix.AT_REMOVEDIR) }

// syncFolder makes names last. Where that cannot be done they do not outlive a power cut, which is no damage.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
