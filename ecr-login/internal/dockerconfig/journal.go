package dockerconfig

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
)

// A Journal stores the records of edits, so that another process can undo them. Without its journal
// an edit can still be undone by the helper's name, but not to the byte.
type Journal struct {
	path    string
	write   bool
	files   map[string]*Record
	rules   map[string]*Rules // by the real path of the settings file
	links   []string
	created []string // directories created for the journal, the innermost first

	dir      *dir
	info     fs.FileInfo // of the file; nil: it does not exist
	text     []byte      // the file's
	unusable error       // why nothing can be written
	close    func()
}

// journal is the JSON of the file.
type journal struct {
	Version int                `json:"version"`
	Files   map[string]*Record `json:"files,omitempty"`
	Rules   map[string]*Rules  `json:"rules,omitempty"`
	Links   []string           `json:"links,omitempty"`
	Created []string           `json:"directories,omitempty"`
}

const journalVersion = 1

// Journal returns the path of the user's journal: below XDG_STATE_HOME (~/.local/state), on Windows
// below LocalAppData.
func (l Locator) Journal() (string, error) {
	dir := l.env("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		dir = ""
	}
	if dir == "" && runtime.GOOS == "windows" {
		dir = l.env("LocalAppData")
	}
	if home := l.home(); dir == "" && home != "" {
		dir = filepath.Join(home, ".local", "state")
	}
	if dir == "" {
		return "", noHome("the directory for the record of changes", "XDG_STATE_HOME")
	}
	return filepath.Join(dir, "ecr-login", "configured.json"), nil
}

// OpenJournal reads a journal. A journal that cannot be decoded counts as empty. If write is true,
// other processes wait until close is called. An empty path gives a journal that cannot be written.
//
// The error is about a journal that another process is using, or that another user can change. Then
// nothing may be edited: the records of another user could make this process remove files of the
// running user.
func OpenJournal(path string, write bool) (j *Journal, close func(), err error) {
	j = &Journal{path: path, write: write, files: map[string]*Record{}, rules: map[string]*Rules{}, close: func() {}}
	if path == "" {
		j.unusable = noHome("the directory for the record of changes", "XDG_STATE_HOME")
		return j, j.close, nil
	}
	for range attempts {
		err = j.open()
		if !errors.Is(err, errRetry) {
			break
		}
	}
	var problem *Error
	switch {
	case errors.Is(err, errBusy), errors.As(err, &problem) && problem.Unsafe:
		return nil, nil, err
	case errors.Is(err, errRetry):
		err = keepsChanging(path)
	}
	j.unusable = err
	return j, j.close, nil
}

// open is one attempt to open and read the journal.
func (j *Journal) open() error {
	t, err := locate(j.path)
	if err != nil {
		return err
	}
	if err := t.refusal(); err != nil {
		return err
	}
	if t.info != nil && !fileaccess.IsTrusted(t.info) {
		return t.unsafe("is owned by another user: "+fileaccess.OwnerText(t.info), "remove the file, or set XDG_STATE_HOME to a directory of your own")
	}
	if len(t.missing) > 0 {
		if !j.write {
			return nil
		}
		created, err := t.makeDirs()
		j.created = append(created, j.created...)
		if err != nil {
			return err
		}
		return errRetry
	}
	if j.dir, err = openDir(t); err != nil {
		return err
	}
	j.close = func() { j.dir.Close() }
	if j.write {
		l, err := j.dir.lock(context.Background(), lockWait)
		if err != nil {
			j.dir.Close()
			return err
		}
		j.close = func() {
			j.dir.Close()
			l.unlockAfter(func() { removeDirs(t.dir, append([]string{t.dir}, j.created...)) })
		}
		j.dir.sweep(l.held, time.Now())
	}
	j.info, j.text, err = j.dir.read()
	if err != nil {
		j.close()
		j.close = func() {}
		return t.readError(err)
	}
	j.parse()
	return nil
}

// parse reads the records. A journal of another version counts as empty.
func (j *Journal) parse() {
	var on journal
	if json.Unmarshal(j.text, &on) != nil || on.Version != journalVersion {
		return
	}
	for file, r := range on.Files {
		if r != nil {
			j.files[file] = r
		}
	}
	for file, r := range on.Rules {
		if r != nil {
			j.rules[file] = r
		}
	}
	j.links = on.Links
	j.created = append(j.created, on.Created...)
}

// Record returns the record of a file, or nil. It must not be changed. A path through a link finds
// the record of the file.
func (j *Journal) Record(path string) *Record { return j.files[Real(path)] }

// Files returns the real paths of all recorded files, sorted.
func (j *Journal) Files() []string { return slices.Sorted(maps.Keys(j.files)) }

// Links returns the recorded links to the program.
func (j *Journal) Links() []string { return slices.Clone(j.links) }

// Put replaces the record of a file, and removes it when it has no entries.
func (j *Journal) Put(path string, r *Record) error {
	path = Real(path)
	if r == nil || len(r.Entries) == 0 {
		if j.files[path] == nil {
			return nil
		}
		delete(j.files, path)
	} else {
		j.files[path] = r
	}
	return j.save()
}

// PutLinks replaces the recorded links.
func (j *Journal) PutLinks(links []string) error {
	if slices.Equal(links, j.links) {
		return nil
	}
	j.links = links
	return j.save()
}

// save writes the journal, or removes it when nothing is recorded.
func (j *Journal) save() error {
	if j.unusable != nil {
		return j.unusable
	}
	d := j.dir
	if len(j.files) == 0 && len(j.rules) == 0 && len(j.links) == 0 {
		if err := d.removeFile(d.base); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		j.info, j.text = nil, nil
		return nil
	}
	text, err := json.MarshalIndent(journal{journalVersion, j.files, j.rules, j.links, j.created}, "", "\t")
	if err != nil {
		return err
	}
	if err := d.target.writeError(d.replace(j.info, j.text, append(text, '\n'))); err != nil {
		return err
	}
	j.info, j.text, err = d.read()
	return err
}
