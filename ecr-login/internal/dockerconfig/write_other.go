//go:build !linux

package dockerconfig

import (
	"errors"
	"os"
)

// create makes the file to write. Only Linux has files without a name.
func create(dir, base string) (f *os.File, unnamed bool, err error) {
	f, err = createNamed(dir, base)
	return f, false, err
}

func linkUnnamed(*os.File, string) error { return errors.ErrUnsupported }
