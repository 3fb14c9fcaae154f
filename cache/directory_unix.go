//go:build unix

package cache

import (
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A directory is an open cache directory that was found safe. It is read with system calls on its
// descriptor, because they are most of the work of a cache hit: package os would start its poller
// for files that cannot be polled.
type directory struct {
	path   string
	fd     int
	reused bool // stays open, see Options.ShortLived
}

// openDirectory opens a directory that this user owns and that group and others cannot write to. If
// private is set, it must not be a link, and group and others must have no access at all.
func openDirectory(path string, private bool) (*directory, error) {
	flags := unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NONBLOCK
	if private {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := openRetry(unix.AT_FDCWD, path, flags)
	if err != nil {
		if private && (err == unix.ELOOP || err == unix.ENOTDIR) {
			return nil, errAccessible
		}
		if err == unix.ENOTDIR {
			return nil, errNotDirectory
		}
		return nil, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil {
		err = checkAccess(int(st.Uid), uint32(st.Mode), private)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &directory{path: path, fd: fd}, nil
}

func checkAccess(uid int, mode uint32, private bool) error {
	switch {
	case uid != os.Geteuid():
		return errOtherOwner
	case mode&0o022 != 0:
		return errShared
	case private && mode&0o077 != 0:
		return errAccessible
	}
	return nil
}

func (d *directory) close() {
	if !d.reused {
		unix.Close(d.fd)
	}
}

func (d *directory) writable() bool {
	return unix.Faccessat(d.fd, ".", unix.W_OK|unix.X_OK, 0) == nil
}

// root opens the same directory for package os.
func (d *directory) root() (*os.Root, error) {
	r, err := os.OpenRoot(d.path + "/.") // fails for a FIFO, where opening it would block
	if err != nil {
		return nil, err
	}
	fi, err := r.Stat(".")
	if err != nil {
		r.Close()
		return nil, err
	}
	var st unix.Stat_t
	now, ok := fi.Sys().(*syscall.Stat_t)
	if err := unix.Fstat(d.fd, &st); err != nil || !ok || now.Ino != st.Ino || now.Dev != st.Dev {
		r.Close()
		return nil, fs.ErrNotExist // replaced since openDirectory
	}
	return r, nil
}

// read returns the content of a regular file of at most limit bytes. It follows no link and does
// not block on a FIFO or a device. If private is set, the file must be this user's, and group and
// others must have no access.
func (d *directory) read(name string, limit int, private bool) ([]byte, error) {
	fd, err := openRetry(d.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY)
	switch err {
	case nil:
	case unix.ENOENT:
		return nil, errAbsent
	case unix.ELOOP, unix.EMLINK, unix.ENXIO, unix.ENODEV:
		return nil, errNotRegular // a link, a socket, or a device without a driver
	default:
		return nil, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	switch {
	case uint32(st.Mode)&unix.S_IFMT != unix.S_IFREG:
		return nil, errNotRegular
	case private && (int(st.Uid) != os.Geteuid() || st.Mode&0o077 != 0):
		return nil, errNotPrivate
	case st.Size > int64(limit):
		return nil, errTooLarge
	}
	buf := make([]byte, st.Size)
	for n := 0; n < len(buf); {
		m, err := readRetry(fd, buf[n:])
		if err != nil {
			return nil, err
		}
		if m == 0 {
			return buf[:n], nil
		}
		n += m
	}
	return buf, nil
}

// modTime returns the modification time of a file. It does not follow links.
func (d *directory) modTime(name string) (time.Time, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return time.Time{}, err
	}
	return time.Unix(st.Mtim.Unix()), nil
}

// openRetry is openat, repeated if a signal interrupts it.
func openRetry(at int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(at, name, flags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// readRetry is read, repeated if a signal interrupts it.
func readRetry(fd int, buf []byte) (int, error) {
	for {
		n, err := unix.Read(fd, buf)
		if err != unix.EINTR {
			return n, err
		}
	}
}

func canWrite(path string) bool { return unix.Access(path, unix.W_OK|unix.X_OK) == nil }

func isRoot() bool { return os.Geteuid() == 0 }

// isOwn reports whether path exists and this user owns it.
func isOwn(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && int(st.Uid) == os.Geteuid()
}

func isOwnOrRoots(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && (int(st.Uid) == os.Geteuid() || st.Uid == 0)
}
