//go:build unix && !linux

package dockerconfig

import (
	"io/fs"
	"os"
	"syscall"
)

// lstatWithoutLinks returns the information of the file at an absolute path, and an error when a
// part of the path is a link. It checks one part after the other, which leaves a moment for an
// exchange; only Linux can open the parts of a path that need not be readable.
func lstatWithoutLinks(path string) (fs.FileInfo, error) {
	var info fs.FileInfo
	at := "/"
	for _, name := range append([]string{""}, split(path)...) {
		at = at + name
		var err error
		if info, err = os.Lstat(at); err != nil {
			return nil, err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return nil, &fs.PathError{Op: "lstat", Path: at, Err: syscall.ELOOP}
		}
		if name != "" {
			at += "/"
		}
	}
	return info, nil
}
