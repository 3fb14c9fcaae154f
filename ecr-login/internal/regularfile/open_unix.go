//go:build unix

package regularfile

import (
	"io"
	"syscall"
)

// file is an open descriptor. An os.File would register it with the runtime's network poller, which
// is ten system calls for every file that a get reads.
type file int

func open(path string) (file, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
		if err != syscall.EINTR {
			return file(fd), err
		}
	}
}

// regular returns the size of the file, or ErrNotRegular.
func (f file) regular() (size int64, err error) {
	var info syscall.Stat_t
	if err := syscall.Fstat(int(f), &info); err != nil {
		return 0, err
	}
	if info.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return 0, ErrNotRegular
	}
	return info.Size, nil
}

func (f file) Read(b []byte) (int, error) {
	for {
		n, err := syscall.Read(int(f), b)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, err
		case n == 0 && len(b) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (f file) Close() error { return syscall.Close(int(f)) }
