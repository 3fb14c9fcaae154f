package dockerconfig

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// create makes the file to write: one without a name, where the file system has such and /proc is there to name it by.
func create(dir, base string) (f *os.File, unnamed bool, err error) {
	if dir == "" {
		dir = "."
	}
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err == nil {
		f := os.NewFile(uintptr(fd), base)
		if _, err := os.Lstat(procName(f)); err == nil {
			return f, true, nil
		}
		f.Close()
	}
	f, err = createNamed(dir, base)
	return f, false, err
}

func procName(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }

func linkUnnamed(f *os.File, name string) error {
	err := unix.Linkat(unix.AT_FDCWD, procName(f), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
	if err != nil {
		return &os.LinkError{Op: "linkat", Old: procName(f), New: name, Err: err}
	}
	return nil
}
