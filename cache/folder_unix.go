//go:build unix

package cache

import (
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A folder is open and was found safe. It is read by system calls on the
// descriptor, because that is the whole work of a hit: package os would set up
// its poller for files that cannot be polled.
type folder struct {
	path string
	fd   int
	held bool // stays open, see Disk.Hold
}

// openFolder opens path when it is a folder of ours that nobody else can write
// to. A private one must not be a link either, and closed to others.
func openFolder(path string, private bool) (*folder, error) {
	flags := unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NONBLOCK
	if private {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := openRetry(unix.AT_FDCWD, path, flags)
	if err != nil {
		if private && (err == unix.ELOOP || err == unix.ENOTDIR) {
			return nil, errNotOurs
		}
		if err == unix.ENOTDIR {
			return nil, errNoDir
		}
		return nil, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil {
		err = safe(int(st.Uid), uint32(st.Mode), private)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &folder{path: path, fd: fd}, nil
}

func safe(uid int, mode uint32, private bool) error {
	switch {
	case uid != os.Geteuid():
		return errForeign
	case mode&0o022 != 0:
		return errShared
	case private && mode&0o077 != 0:
		return errNotOurs
	}
	return nil
}

func (f *folder) close() {
	if !f.held {
		unix.Close(f.fd)
	}
}

func (f *folder) writable() bool {
	return unix.Faccessat(f.fd, ".", unix.W_OK|unix.X_OK, 0) == nil
}

// root opens the same folder for package os, which keeps names inside it.
func (f *folder) root() (*os.Root, error) {
	r, err := os.OpenRoot(f.path + "/.") // a folder, or an error: opening a pipe would wait
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
	if err := unix.Fstat(f.fd, &st); err != nil || !ok || now.Ino != st.Ino || now.Dev != st.Dev {
		r.Close()
		return nil, fs.ErrNotExist // replaced since it was opened
	}
	return r, nil
}

// read returns the regular file name of at most limit bytes. It follows no
// link, and waits for nothing that may be there in the place of a file. A
// private file must be ours alone.
func (f *folder) read(name string, limit int, private bool) ([]byte, error) {
	fd, err := openRetry(f.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY)
	switch err {
	case nil:
	case unix.ENOENT:
		return nil, errAbsent
	case unix.ELOOP, unix.EMLINK, unix.ENXIO, unix.ENODEV:
		return nil, errNotRegular // a link, a socket, a device without a driver
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
		return nil, errTooBig
	}
	buf := make([]byte, st.Size)
	for have := 0; have < len(buf); {
		n, err := readRetry(fd, buf[have:])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return buf[:have], nil
		}
		have += n
	}
	return buf, nil
}

// modTime is the time of what has the name, without following a link.
func (f *folder) modTime(name string) (time.Time, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(f.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return time.Time{}, err
	}
	return time.Unix(st.Mtim.Unix()), nil
}

// openRetry is openat that is not disturbed by signals.
func openRetry(at int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(at, name, flags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// readRetry is read that is not disturbed by signals.
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

// ours reports whether path is there and belongs to this user.
func ours(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && int(st.Uid) == os.Geteuid()
}

func oursOrRoots(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && (int(st.Uid) == os.Geteuid() || st.Uid == 0)
}
