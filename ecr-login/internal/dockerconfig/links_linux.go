package dockerconfig

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// lstatWithoutLinks returns the information of the file at an absolute path, and an error when a
// part of the path is a link. Directories need not be readable.
func lstatWithoutLinks(path string) (fs.FileInfo, error) {
	fd, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	for _, name := range split(path) {
		if err != nil {
			return nil, err
		}
		var next int
		next, err = unix.Openat(fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		unix.Close(fd)
		fd = next
	}
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	return f.Stat()
}
