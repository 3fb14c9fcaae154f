package dockerconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

const (
	// maxFile is a thousand times what the largest files have.
	maxFile = 32 << 20

	// maxLinks is as many links in a row as Linux follows.
	maxLinks = 40

	// attempts to edit a file that others write to all the time.
	attempts = 10
)

// Read reads a file. One that is not there is one that says nothing. An error is an *Error.
func Read(path string, client Client) (*Config, error) {
	t, err := locate(path)
	if err != nil {
		return nil, err
	}
	return t.read(client)
}

// Update edits a file: it calls edit with what the file says, then puts the text that comes out of it in the file's
// place. Where the file is a link, what it points to is replaced. A file that edit leaves alone is not written, and
// none is written when edit returns an error. When somebody else wrote the file meanwhile, edit is called again, with
// the new text. It tells whether something was written.
func Update(path string, client Client, edit func(*Config) error) (bool, error) {
	for range attempts {
		changed, err := update(path, client, edit)
		if !errors.Is(err, errMeanwhile) {
			return changed, err
		}
	}
	return false, &Error{Path: path, Message: "keeps being written to by somebody else", Advice: "try again when no other program signs in or out"}
}

func update(path string, client Client, edit func(*Config) error) (bool, error) {
	t, err := locate(path)
	if err != nil {
		return false, err
	}
	unlock, alone := lockFolder(t.dir)
	defer unlock()
	if alone {
		sweep(t.path)
	}
	c, err := t.read(client)
	if err != nil {
		return false, err
	}
	if err := edit(c); err != nil {
		return false, err
	}
	if !c.Changed() {
		return false, nil
	}
	if err := c.Writable(); err != nil {
		return false, err
	}
	if c.gone {
		return true, t.remove(c)
	}
	return true, t.write(c)
}

// A target is the file behind a path.
type target struct {
	named string // what errors call it
	path  string // with links resolved
	dir   string
	info  fs.FileInfo // nil: there is no file
}

// locate follows links, also one to a file that is not there: as Docker, which makes that file.
func locate(path string) (*target, error) {
	t := &target{named: path, path: path}
	wrong := func(err error) (*target, error) {
		return nil, &Error{Path: path, Message: "cannot be read: " + reason(err), Advice: "look at the owners and modes of the file and the folders above it", Err: err}
	}
	for range maxLinks {
		dir, base := filepath.Split(t.path)
		var err error
		if t.dir, err = realFolder(dir); err != nil {
			return wrong(err)
		}
		t.path = filepath.Join(t.dir, base)
		link, err := os.Readlink(t.path)
		if err != nil {
			return t.look(wrong)
		}
		if !filepath.IsAbs(link) {
			link = t.dir + string(filepath.Separator) + link
		}
		t.path = link
	}
	return nil, &Error{Path: path, Message: "is a link that leads nowhere: too many links", Advice: "remove the link"}
}

// Real is the path of the file behind a path, with links resolved: one that Read would read, or Update would make.
func Real(path string) string {
	if t, err := locate(path); err == nil {
		return t.path
	}
	return path
}

// realFolder is a folder with links resolved, as far as it is there.
func realFolder(dir string) (string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	dir = filepath.Clean(dir) // only now: what .. means depends on the links before it
	above := filepath.Dir(dir)
	if _, err := os.Lstat(dir); err == nil || above == dir {
		return dir, nil // a link that leads nowhere
	}
	if above, err = realFolder(above); err != nil {
		return "", err
	}
	return filepath.Join(above, filepath.Base(dir)), nil
}

func (t *target) look(wrong func(error) (*target, error)) (*target, error) {
	info, err := os.Lstat(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return t, nil
	case err != nil:
		return wrong(err)
	case info.IsDir():
		return nil, &Error{Path: t.named, Message: "is a folder, not a file", Advice: "move the folder away; a container engine makes one when it mounts a file that is not there"}
	case !info.Mode().IsRegular():
		return nil, &Error{Path: t.named, Message: "is not a regular file", Advice: "move it away"}
	case info.Size() > maxFile:
		return nil, &Error{Path: t.named, Message: fmt.Sprintf("is longer than %d MiB", maxFile>>20), Advice: "look whether it is the right file"}
	}
	t.info = info
	return t, nil
}

func (t *target) read(client Client) (*Config, error) {
	if t.info == nil {
		return &Config{Path: t.named, Client: client, blank: true, target: t, missing: missing(t.dir)}, nil
	}
	text, err := os.ReadFile(t.path)
	if err != nil {
		return nil, &Error{Path: t.named, Message: "cannot be read: " + reason(err), Advice: "make it readable for this user: " + who(t.info), Err: err}
	}
	c, err := Parse(text, client)
	if err != nil {
		var problem *Error
		if errors.As(err, &problem) {
			problem.Path = t.named
		}
		return nil, err
	}
	c.Path, c.target = t.named, t
	return c, nil
}

// missing are the folders that are not there, the innermost first.
func missing(dir string) []string {
	var all []string
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return all
		}
		all = append(all, dir)
	}
}

// Writable says why a file that was read is not to be replaced. That it could be, because replacing asks for a right to
// the folder only, or because we are root, is not enough: somebody made it read-only, or it is somebody else's. Update
// asks this itself, after the edit.
func (c *Config) Writable() error {
	t := c.target
	if t == nil {
		return &Error{Message: "is no file"}
	}
	if t.info != nil {
		if t.info.Mode().Perm()&0o222 == 0 {
			return &Error{Path: t.named, Message: "is read-only", Advice: "chmod u+w " + t.path}
		}
		if strangers(t.info) {
			return &Error{Path: t.named, Message: "belongs to another user: " + who(t.info), Advice: "run this as its owner"}
		}
	}
	info, err := os.Stat(t.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode().Perm()&0o222 == 0 || err == nil && !canWrite(t.dir) {
		return &Error{Path: t.named, Message: "lies in a folder that is read-only: " + t.dir, Advice: "chmod u+w " + t.dir + ", or name another one with DOCKER_CONFIG or REGISTRY_AUTH_FILE"}
	}
	return nil
}

// remove removes the file that an earlier edit made, and the folders made for it that are empty now.
func (t *target) remove(c *Config) error {
	if t.written(c.text) {
		return errMeanwhile
	}
	if err := os.Remove(t.path); err != nil {
		return &Error{Path: t.named, Message: "cannot be removed: " + reason(err), Advice: "remove it by hand", Err: err}
	}
	removeFolders(t.dir, c.emptied)
	return nil
}

// removeFolders removes dir and those above it, as long as they are noted as made and nothing is in them. A note is a
// file that anybody may have written, for root to read: whatever else it names is not touched.
func removeFolders(dir string, noted []string) {
	for slices.Contains(noted, dir) && dir != filepath.Dir(dir) {
		if err := removeFolder(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
		dir = filepath.Dir(dir)
	}
}

// errMeanwhile is about a file that was written since it was read.
var errMeanwhile = errors.New("written meanwhile")

// written reports whether somebody else wrote the file.
func (t *target) written(text []byte) bool {
	now, err := os.ReadFile(t.path)
	if t.info == nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return err != nil || !bytes.Equal(now, text)
}

func (t *target) write(c *Config) error {
	if err := t.makeFolders(c.missing); err != nil {
		return err
	}
	w := writing{path: t.path, text: c.Text(), like: t.info, guard: true, meanwhile: func() bool { return t.written(c.text) }}
	err := w.do()
	switch {
	case err == nil || errors.Is(err, errMeanwhile):
		return err
	case errors.Is(err, syscall.EBUSY):
		return &Error{Path: t.named, Message: "cannot be replaced: it is a mount of its own", Advice: "edit the file where it is mounted from", Err: err}
	}
	return &Error{Path: t.named, Message: "cannot be written: " + reason(err), Advice: "look at the folder " + t.dir, Err: err}
}

// makeFolders makes what is missing above the file. What root makes in somebody's home belongs to them.
func (t *target) makeFolders(missing []string) error {
	for _, dir := range slices.Backward(missing) {
		err := os.Mkdir(dir, 0o700)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return &Error{Path: t.named, Message: "cannot make the folder " + dir + ": " + reason(err), Advice: "look at the folder above it", Err: err}
		}
		if err == nil {
			inherit(dir)
		}
	}
	return nil
}

// reason is what the operating system said, without the path that Error has.
func reason(err error) string {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err.Error()
	case errors.As(err, &l):
		return l.Err.Error()
	}
	return err.Error()
}
