package dockerconfig

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	// maxFile is the largest file that is read: a thousand times the largest config.json known.
	maxFile = 32 << 20

	// staleAfter is the age at which a temporary file without a lock counts as left over. Writing
	// one takes milliseconds.
	staleAfter = time.Hour

	// busyWait is how long Windows is given to close a file that another program has open.
	busyWait = 2 * time.Second
	busyTick = 20 * time.Millisecond
)

// errRetry reports that a file or its directory changed since it was read.
var errRetry = errors.New("changed in the meantime")

// A dir is the open directory of a file to edit. All work happens relative to it, so that
// exchanging the path has no effect.
type dir struct {
	*os.Root
	target *target
	base   string
}

// openDir opens the directory of a target without following any link.
func openDir(t *target) (*dir, error) {
	root, err := os.OpenRoot(t.dir + "/.") // fails for a FIFO, where opening it would block
	if err != nil {
		return nil, t.unreadable(err)
	}
	d := &dir{Root: root, target: t, base: t.path[len(t.dir):]}
	d.base = strings.TrimLeft(d.base, string(os.PathSeparator))
	if !d.isAt(t.dir) {
		root.Close()
		return nil, errRetry
	}
	return d, nil
}

// isAt reports whether the path leads to the open directory, without any link.
func (d *dir) isAt(path string) bool {
	open, err := d.Stat(".")
	if err != nil {
		return false
	}
	now, err := lstatWithoutLinks(path)
	return err == nil && os.SameFile(open, now)
}

// read returns the file's information and text, both nil when there is no file.
func (d *dir) read() (fs.FileInfo, []byte, error) {
	info, err := d.Lstat(d.base)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, errRetry // locate reports what it is
	}
	f, err := retryBusy(func() (*os.File, error) { return d.OpenFile(d.base, readFlags, 0) })
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, errRetry
	case err != nil:
		return nil, nil, err
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(info, now) {
		return nil, nil, errRetry
	}
	text, err := d.target.readAll(f)
	return info, text, err
}

// readAll reads an open file up to the limit.
func (t *target) readAll(f *os.File) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		return nil, t.tooLarge()
	}
	return text, err
}

// unchanged reports whether the file still has the text that was read; had reports whether there
// was a file.
func (d *dir) unchanged(had bool, text []byte) bool {
	info, now, err := d.read()
	return err == nil && (info != nil) == had && bytes.Equal(now, text)
}

// replace writes a file in place of the one that had the text old: into a temporary file that only
// this user can read, to the disk, and then under the name. The new file gets the mode and group of
// like; nil: it is new, with mode 0600.
func (d *dir) replace(like fs.FileInfo, old, text []byte) error {
	temp := tempName(d.base)
	err := d.create(temp, like, text)
	if err == nil && !d.unchanged(like != nil, old) {
		err = errRetry
	}
	if err == nil {
		_, err = retryBusy(func() (struct{}, error) { return struct{}{}, d.Rename(temp, d.base) })
	}
	if err != nil {
		_ = d.removeFile(temp)
		return err
	}
	d.sync()
	return nil
}

// removeFile removes a file of the directory.
func (d *dir) removeFile(name string) error {
	_, err := retryBusy(func() (struct{}, error) { return struct{}{}, d.Remove(name) })
	return err
}

// create writes the temporary file and closes it.
func (d *dir) create(temp string, like fs.FileInfo, text []byte) error {
	f, err := d.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if like != nil {
		if err := keepGroup(f, like); err != nil {
			return fmt.Errorf("keeping its group: %w", err)
		}
		if err := f.Chmod(like.Mode().Perm()); err != nil {
			return err
		}
	}
	if _, err := f.Write(text); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// sync makes the new name survive a power failure, where the system can.
func (d *dir) sync() {
	if f, err := d.Open("."); err == nil {
		_ = f.Sync()
		f.Close()
	}
}

// tempMark is part of the names of temporary files.
const tempMark = ".ecr-login-"

// tempName returns a new name for a temporary file beside the one called base.
func tempName(base string) string {
	var unique [8]byte
	for i := range unique {
		unique[i] = byte(rand.Uint32())
	}
	return "." + base + tempMark + hex.EncodeToString(unique[:])
}

// sweep removes temporary files that a killed process left beside the file. They may hold
// passwords. With the lock all of them are left over; without, those that are old.
func (d *dir) sweep(locked bool, now time.Time) {
	f, err := d.Open(".")
	if err != nil {
		return
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return
	}
	for _, e := range entries {
		unique, ok := strings.CutPrefix(e.Name(), "."+d.base+tempMark)
		if !ok || len(unique) != 16 || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err == nil && isOwn(info) && (locked || now.Sub(info.ModTime()) > staleAfter) {
			_ = d.Remove(e.Name())
		}
	}
}

// makeDirs creates the missing directories above the file. It returns those that it created, the
// innermost first.
func (t *target) makeDirs() (created []string, err error) {
	for _, path := range slices.Backward(t.missing) {
		switch err := os.Mkdir(path, 0o700); {
		case err == nil:
			created = append([]string{path}, created...)
		case !errors.Is(err, fs.ErrExist):
			return created, &Error{Path: t.named, Message: "cannot create the directory " + path + ": " + reason(err), Advice: "check the owner and the mode of the directory above it", Err: err}
		}
	}
	return created, nil
}

// removeDirs removes a directory and those above it, as long as they are listed as created and are
// empty. The list may come from a damaged journal: directories elsewhere are not touched.
func removeDirs(dir string, created []string) {
	for slices.Contains(created, dir) {
		if err := removeDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return
		}
		dir = parent
	}
}

// retryBusy repeats a call while Windows refuses it because another program has the file open.
func retryBusy[T any](call func() (T, error)) (T, error) {
	for deadline := time.Now().Add(busyWait); ; time.Sleep(busyTick) {
		result, err := call()
		if err == nil || !isBusy(err) || time.Now().After(deadline) {
			return result, err
		}
	}
}

// writeError describes why a file could not be written.
func (t *target) writeError(err error) error {
	var own *Error
	switch {
	case err == nil || errors.Is(err, errRetry) || errors.As(err, &own):
		return err
	case errors.Is(err, syscall.EBUSY):
		return &Error{Path: t.named, Message: "cannot be replaced: it is a mount of its own", Advice: "edit the file where it is mounted from", Err: err}
	}
	return &Error{Path: t.named, Message: "cannot be written: " + reason(err), Advice: "check the directory " + t.dir, Err: err}
}
