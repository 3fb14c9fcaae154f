package dockerconfig

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
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

	folders []string // made for the journal
}

// journal is its file. Another version is none.
type journal struct {
	Version int                `json:"version"`
	Files   map[string]*Record `json:"files,omitempty"`
	Links   []string           `json:"links,omitempty"`
	Folders []string           `json:"folders,omitempty"`
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

// OpenJournal reads a journal, one that cannot be understood as an empty one. When it is to be written, other processes
// are kept from it until unlock is called. An empty path is that of a journal that nothing can be written into.
func OpenJournal(path string, write bool) (j *Journal, unlock func()) {
	j = &Journal{path: path, files: map[string]*Record{}}
	if path == "" {
		return j, func() {}
	}
	unlock = func() {}
	dir := filepath.Dir(path)
	for range attempts {
		if write {
			j.makeFolders()
		}
		release, alone := lockFolder(dir)
		if alone && write {
			sweep(path)
		}
		unlock = func() {
			if write {
				removeFolders(dir, append([]string{dir}, j.folders...))
			}
			release()
		}
		if _, err := os.Stat(dir); alone || !write || err == nil {
			break
		}
		// Its last user removed the folder.
	}
	j.read()
	return j, unlock
}

func (j *Journal) read() {
	text, err := os.ReadFile(j.path)
	if err != nil {
		return
	}
	var on journal
	if json.Unmarshal(text, &on) != nil || on.Version != journalVersion {
		return
	}
	for file, r := range on.Files {
		if r != nil {
			j.files[file] = r
		}
	}
	j.links = on.Links
	j.folders = append(j.folders, on.Folders...)
}

// makeFolders makes the journal's folder and those above it. Where that fails, saving says so.
func (j *Journal) makeFolders() {
	for _, dir := range slices.Backward(missing(filepath.Dir(j.path))) {
		if os.Mkdir(dir, 0o700) == nil {
			inherit(dir)
			j.folders = append([]string{dir}, j.folders...)
		}
	}
}

// Record is that of a file, nil when there is none. It is not to be changed. A path through a link is that of the file.
func (j *Journal) Record(path string) *Record { return j.files[Real(path)] }

// Files are the real paths of all records, in order.
func (j *Journal) Files() []string { return slices.Sorted(maps.Keys(j.files)) }

// Links are the program's links that were made.
func (j *Journal) Links() []string { return slices.Clone(j.links) }

// Put replaces the record of a file; one without entries goes.
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

// PutLinks replaces the links.
func (j *Journal) PutLinks(links []string) error {
	if slices.Equal(links, j.links) {
		return nil
	}
	j.links = links
	return j.save()
}

func (j *Journal) save() error {
	if j.path == "" {
		return errors.New(noHome)
	}
	if len(j.files) == 0 && len(j.links) == 0 {
		if err := os.Remove(j.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	j.makeFolders()
	text, err := json.MarshalIndent(journal{journalVersion, j.files, j.links, j.folders}, "", "\t")
	if err != nil {
		return err
	}
	return (&writing{path: j.path, text: append(text, '\n')}).do()
}
