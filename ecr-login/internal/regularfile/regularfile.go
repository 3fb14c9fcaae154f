// Package regularfile reads files whose path comes from the environment or from another user, so
// that the path alone cannot make the program hang or use up the memory.
//
// It opens without waiting, checks the type of what it opened, and stops at a size limit. A
// symbolic link to a regular file is read. FIFOs, sockets, directories and devices are errors,
// except the null device, which reads as an empty file as it does for every other program. It
// cannot bound the time that a file on a network file system takes.
package regularfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ErrNotRegular is the error for a FIFO, a socket, a directory or a device.
var ErrNotRegular = errors.New("not a regular file")

// SizeError is the error for a file with more bytes than the caller's limit.
type SizeError struct{ Limit int64 }

func (e *SizeError) Error() string { return fmt.Sprintf("larger than the limit of %d bytes", e.Limit) }

// Read returns the contents of the file, which may have up to limit bytes. Every error is an
// *fs.PathError with the path; its Err is ErrNotRegular, a *SizeError or the system's error.
func Read(path string, limit int64) ([]byte, error) { return Append(nil, path, limit) }

// Append appends the contents of the file to b and returns the extended slice. The errors are those
// of Read; the slice is then b.
func Append(b []byte, path string, limit int64) ([]byte, error) {
	// The path is checked before it is opened, because to open a FIFO already lets its writer go
	// on.
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		if isNull(info) {
			return b, nil
		}
		err = &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	if err != nil {
		return b, err
	}
	f, err := open(path)
	if err != nil {
		return b, &fs.PathError{Op: "open", Path: path, Err: cause(err)}
	}
	defer f.Close()
	size, err := f.regular() // what was opened may not be what was checked
	if err != nil {
		return b, &fs.PathError{Op: "open", Path: path, Err: cause(err)}
	}
	if size > limit {
		return b, &fs.PathError{Op: "read", Path: path, Err: &SizeError{limit}}
	}
	all, err := appendFrom(b, f, size, limit)
	if err != nil {
		return b, &fs.PathError{Op: "read", Path: path, Err: cause(err)}
	}
	return all, nil
}

func appendFrom(b []byte, r io.Reader, size, limit int64) ([]byte, error) {
	start := int64(len(b))
	// One byte more than the file has, so that the read that finds the end needs no larger buffer.
	b = grow(b, int(size)+1)
	for {
		b = grow(b, 1)
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b))-start > limit:
			return nil, &SizeError{limit}
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, err
		}
	}
}

// grow returns b with room for n more bytes.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) < n {
		b = append(make([]byte, 0, 2*cap(b)+n), b...)
	}
	return b
}

func isNull(info fs.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}

// cause returns the system's error without the path that a PathError adds.
func cause(err error) error {
	if path, ok := err.(*fs.PathError); ok {
		return path.Err
	}
	return err
}
