package dockerconfig

import (
	"bytes"
	"errors"
	"os"
)

// The repairs in this file do not edit the text of a client's file, but follow the same rules: root
// refuses them if another user can change the path, and exactly the file that was opened is
// changed.

// MakePrivate removes the access of group and others to a file.
func MakePrivate(path string) error {
	t, err := locate(path)
	if err != nil {
		return err
	}
	if err := t.refusal(); err != nil {
		return err
	}
	if t.info == nil {
		return &Error{Path: path, Message: "does not exist"}
	}
	f, err := t.open()
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Chmod(t.info.Mode().Perm() &^ 0o077)
}

// Delete removes a file, unless it has another text by now.
func Delete(path string, text []byte) error {
	d, err := openParent(path)
	if err != nil {
		return err
	}
	defer d.Close()
	info, now, err := d.read()
	switch {
	case err == nil && info == nil:
		return nil
	case errors.Is(err, errRetry), err == nil && !bytes.Equal(now, text):
		return keepsChanging(path)
	case err != nil:
		return d.target.readError(err)
	}
	return d.target.writeError(d.Remove(d.base))
}

// RemoveDirWriteAccess removes the write access of group and others to a directory.
func RemoveDirWriteAccess(path string) error {
	d, err := openParent(path)
	if err != nil {
		return err
	}
	defer d.Close()
	f, err := d.OpenFile(d.base, readFlags, 0)
	if err != nil {
		return d.target.readError(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.IsDir() || !os.SameFile(info, d.target.info) {
		return keepsChanging(path)
	}
	return f.Chmod(info.Mode() &^ 0o022)
}

// openParent opens the directory that contains a file or directory.
func openParent(path string) (*dir, error) {
	t, err := resolve(path)
	if err != nil {
		return nil, err
	}
	if err := t.refusal(); err != nil {
		return nil, err
	}
	d, err := openDir(t)
	if errors.Is(err, errRetry) {
		return nil, keepsChanging(path)
	}
	return d, err
}
