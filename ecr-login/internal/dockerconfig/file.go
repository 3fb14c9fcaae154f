package dockerconfig

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
)

// attempts is how often a file is read again that other programs keep changing.
const attempts = 10

// Read reads a file. A missing file reads as an empty configuration. An error is an *Error.
func Read(path string, client Client) (*Config, error) {
	for range attempts {
		t, err := locate(path)
		if err != nil {
			return nil, err
		}
		c, err := t.read(client)
		if !errors.Is(err, errRetry) {
			return c, err
		}
	}
	return nil, keepsChanging(path)
}

// Update edits a file: it calls edit with the parsed file and writes the resulting text in its
// place. Where the path is a link, the file behind it is replaced. A file that edit does not change
// is not written, and neither is one for which edit returns an error. When another program wrote the
// file in the meantime, Update calls edit again with the new text. It waits at most until ctx is done
// for another process that edits the file. It reports whether the file was changed.
func Update(ctx context.Context, path string, client Client, edit func(*Config) error) (changed bool, err error) {
	var created []string // directories, the innermost first
	defer func() {
		if !changed && len(created) > 0 {
			removeDirs(created[0], created)
		}
	}()
	for range attempts {
		changed, err = update(ctx, path, client, edit, &created)
		if !errors.Is(err, errRetry) {
			return changed, err
		}
	}
	return false, keepsChanging(path)
}

func keepsChanging(path string) error {
	return &Error{Path: path, Message: "is being changed by another program", Advice: "run the command again when no other program signs in or out"}
}

// update is one attempt of Update. It adds the directories that it creates to created.
func update(ctx context.Context, path string, client Client, edit func(*Config) error, created *[]string) (bool, error) {
	t, err := locate(path)
	if err != nil {
		return false, err
	}
	if len(t.missing) > 0 {
		c, err := t.read(client)
		if err != nil {
			return false, err
		}
		if changed, err := apply(c, edit); !changed || err != nil {
			return false, err
		}
		made, err := t.makeDirs()
		*created = append(made, *created...)
		if err != nil {
			return false, err
		}
		return false, errRetry // with a directory to lock
	}
	d, err := openDir(t)
	if err != nil {
		return false, err
	}
	if t.refusal() != nil {
		defer d.Close()
		c, err := d.config(client, *created)
		if err != nil {
			return false, err
		}
		return apply(c, edit) // fails, if there is anything to change
	}
	l, err := d.lock(ctx, lockWait)
	if err != nil {
		d.Close()
		return false, err
	}
	empty := func() {}
	defer func() {
		d.Close()
		l.unlockAfter(empty)
	}()
	d.sweep(l.held, time.Now())
	c, err := d.config(client, *created)
	if err != nil {
		return false, err
	}
	if changed, err := apply(c, edit); !changed || err != nil {
		return false, err
	}
	if !c.gone {
		err := t.writeError(d.replace(t.info, c.text, c.Text()))
		return err == nil, err
	}
	if !d.unchanged(true, c.text) {
		return false, errRetry
	}
	if err := d.removeFile(d.base); err != nil {
		return false, &Error{Path: t.named, Message: "cannot be removed: " + reason(err), Advice: "remove the file by hand", Err: err}
	}
	empty = func() { removeDirs(t.dir, c.emptied) }
	return true, nil
}

// apply calls edit and reports whether there is something to write, and an error if it may not be.
func apply(c *Config, edit func(*Config) error) (changed bool, err error) {
	if err := edit(c); err != nil {
		return false, err
	}
	if !c.Changed() {
		return false, nil
	}
	if err := c.Writable(); err != nil {
		return false, err
	}
	return true, nil
}

// config reads and parses the file in an open directory. created are the directories that this
// program has created for it.
func (d *dir) config(client Client, created []string) (*Config, error) {
	t := d.target
	info, text, err := d.read()
	if err != nil {
		return nil, t.readError(err)
	}
	t.info = info
	c, err := t.parse(info != nil, text, client)
	if err == nil && info == nil {
		c.missing = slices.Clone(created)
	}
	return c, err
}

// read reads and parses the file, without opening its directory.
func (t *target) read(client Client) (*Config, error) {
	text, err := t.readText()
	if err != nil {
		return nil, err
	}
	return t.parse(t.info != nil, text, client)
}

// readText reads the file. A missing file has no text.
func (t *target) readText() ([]byte, error) {
	if t.info == nil {
		return nil, nil
	}
	f, err := t.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := t.readAll(f)
	if err != nil {
		return nil, t.readError(err)
	}
	return text, nil
}

// open opens the file, which must be the one to which the path leads without links.
func (t *target) open() (*os.File, error) {
	f, err := retryBusy(func() (*os.File, error) { return os.OpenFile(t.path, readFlags, 0) })
	switch {
	case errors.Is(err, fs.ErrNotExist), isLink(err):
		return nil, errRetry
	case err != nil:
		return nil, t.readError(err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, t.readError(err)
	}
	if now, err := lstatWithoutLinks(t.path); err != nil || !os.SameFile(info, now) || !info.Mode().IsRegular() {
		f.Close()
		return nil, errRetry
	}
	t.info = info
	return f, nil
}

// readError describes why a file could not be read.
func (t *target) readError(err error) error {
	var own *Error
	if errors.Is(err, errRetry) || errors.As(err, &own) {
		return err
	}
	e := t.unreadable(err)
	if t.info != nil && errors.Is(err, fs.ErrPermission) {
		e.Advice = "make the file readable for this user; its owner is " + fileaccess.OwnerText(t.info)
	}
	return e
}

// parse parses the text of the file.
func (t *target) parse(exists bool, text []byte, client Client) (*Config, error) {
	if !exists {
		return &Config{Path: t.named, Client: client, blank: true, target: t, missing: t.missing}, nil
	}
	if client == Plain {
		return &Config{Path: t.named, Exists: true, Client: client, text: text, tail: text, blank: true, target: t}, nil
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

// askOwner is the hint for a settings file of another user, which other users may need.
const askOwner = "ask the owner to edit the file, or add a directory of your own to PATH"

// Writable returns why a file that was read must not be replaced. It is stricter than the system,
// which only checks the directory: a read-only file, and a file of another user, are not replaced.
// Update calls it after the edit.
func (c *Config) Writable() error {
	t := c.target
	if t == nil {
		return &Error{Message: "text that was not read from a file cannot be written"}
	}
	if err := t.refusal(); err != nil {
		return err
	}
	if t.info != nil {
		if t.info.Mode().Perm()&0o222 == 0 {
			return &Error{Path: t.named, Message: "is read-only", Advice: makeWritable(t.path)}
		}
		if fileaccess.IsAnothers(t.info) && !fileaccess.IsRoot() {
			fix := "run the command as the owner, or change the owner: sudo chown $(id -u) " + process.Quote(t.path)
			if c.Client == Plain {
				fix = askOwner
			}
			return &Error{Path: t.named, Message: "is owned by another user: " + fileaccess.OwnerText(t.info), Advice: fix}
		}
	}
	info, err := os.Stat(t.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && (isReadOnlyDir(info) || !fileaccess.CanCreateIn(t.dir)) {
		fix := makeWritable(t.dir)
		switch {
		case fileaccess.IsAnothers(info) && c.Client == Plain:
			fix = askOwner
		case fileaccess.IsAnothers(info):
			fix = "sudo chown -R $(id -u) " + process.Quote(t.dir)
		}
		if c.Client != Plain {
			fix += ", or set DOCKER_CONFIG or REGISTRY_AUTH_FILE to another place"
		}
		return &Error{Path: t.named, Message: "is in a read-only directory: " + t.dir, Advice: fix}
	}
	return nil
}
