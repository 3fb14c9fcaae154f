//go:build !unix

package regularfile

import "os"

type file struct{ *os.File }

func open(path string) (file, error) {
	f, err := os.Open(path)
	return file{f}, err
}

// regular returns the size of the file, or ErrNotRegular.
func (f file) regular() (size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, ErrNotRegular
	}
	return info.Size(), nil
}
