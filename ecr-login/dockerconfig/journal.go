package dockerconfig

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// A Journal keeps the records of edits between processes, so that they can be taken back. It is a hint: without it an
// edit can still be undone by the helper's name, if not to the byte.
type Journal struct {
	path  string
	files map[string]*Record
	links []string
}

// journal is its file. Another version is none.
type journal struct {
	Version int                `json:"version"`
	Files   map[string]*Record `json:"files,omitempty"`
	Links   []string           `json:"links,omitempty"`
}

const journalVersion = 1

// Journal is the path of the user's journal: below XDG_STATE_HOME (~/.local/state), on Windows below LocalAppData.
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
		return "", &Error{Message: noHome + ", and so is the place to note what was changed", Advice: "set HOME, or XDG_STATE_HOME"}
	}
	return filepath.Join(dir, "ecr-login", "configured.json"), nil
}

// OpenJournal reads a journal and keeps other processes from it until unlock is called. One that is not there, or that
// cannot be understood, is empty; its folder is made when something is written into it.
func OpenJournal(path string) (j *Journal, unlock func()) {
	unlock, _ = lockFolder(filepath.Dir(path))
	j = &Journal{path: path, files: map[string]*Record{}}
	text, err := os.ReadFile(path)
	if err != nil {
		return j, unlock
	}
	var on journal
	if json.Unmarshal(text, &on) != nil || on.Version != journalVersion {
		return j, unlock
	}
	for file, r := range on.Files {
		if r != nil {
			j.files[file] = r
		}
	}
	j.links = on.Links
	return j, unlock
}

// Record is that of a file, nil when there is none. It is not to be changed.
func (j *Journal) Record(path string) *Record { return j.files[path] }

// Links are the program's links that were made.
func (j *Journal) Links() []string { return slices.Clone(j.links) }

// Put replaces the record of a file; one without entries goes.
func (j *Journal) Put(path string, r *Record) error {
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

// PutLinks replaces the links.
func (j *Journal) PutLinks(links []string) error {
	if slices.Equal(links, j.links) {
		return nil
	}
	j.links = links
	return j.save()
}

func (j *Journal) save() error {
	dir := filepath.Dir(j.path)
	if len(j.files) == 0 && len(j.links) == 0 {
		if err := os.Remove(j.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		_ = os.Remove(dir) // if it is empty
		return nil
	}
	text, err := json.MarshalIndent(journal{journalVersion, j.files, j.links}, "", "\t")
	if err != nil {
		return err
	}
	for _, dir := range slices.Backward(missing(dir)) {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		inherit(dir)
	}
	return (&writing{path: j.path, text: append(text, '\n')}).do()
}
