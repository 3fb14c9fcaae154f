package dockerconfig

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

func TestWhereTheJournalIs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("paths of Unix")
	}
	for _, c := range []struct {
		name string
		env  map[string]string
		want string // empty: an error
	}{
		{"home", map[string]string{"HOME": "/home/me"}, "/home/me/.local/state/ecr-login/configured.json"},
		{"variable", map[string]string{"HOME": "/home/me", "XDG_STATE_HOME": "/state"}, "/state/ecr-login/configured.json"},
		{"a relative one is none", map[string]string{"HOME": "/home/me", "XDG_STATE_HOME": "state"}, "/home/me/.local/state/ecr-login/configured.json"},
		{"nothing", nil, ""},
	} {
		if got, err := (Locator{environ(c.env)}).Journal(); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestTheJournalKeepsRecords(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	path := filepath.Join(state, "ecr-login", "configured.json")
	text := "{ }"
	record := &Record{Blank: &text, Helpers: made, Folders: []string{"/a/b"}, Entries: map[string]Entry{"h": {Helper: "ecr-login", Before: []byte("\"caf\xe9\"")}}}
	j, unlock := OpenJournal(path, true)
	if err := j.Put("/config.json", record); err != nil {
		t.Fatal(err)
	}
	if err := j.PutLinks([]string{"/bin/link"}); err != nil {
		t.Fatal(err)
	}
	unlock()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("%v, %v", info.Mode(), err)
	}

	j, unlock = OpenJournal(path, true)
	r := j.Record("/config.json")
	if r == nil || *r.Blank != text || r.Helpers != made || !slices.Equal(r.Folders, record.Folders) || string(r.Entries["h"].Before) != "\"caf\xe9\"" {
		t.Fatalf("%+v", r)
	}
	if got := j.Links(); !slices.Equal(got, []string{"/bin/link"}) || j.Record("/other.json") != nil {
		t.Errorf("%q, %+v", got, j.Record("/other.json"))
	}

	// Nothing in it, nothing left of it.
	if err := j.Put("/config.json", &Record{File: true}); err != nil {
		t.Fatal(err)
	}
	if err := j.PutLinks(nil); err != nil {
		t.Fatal(err)
	}
	unlock()
	if _, err := os.Stat(state); !os.IsNotExist(err) {
		t.Errorf("the folders are there: %v", err)
	}
	_, unlock = OpenJournal(path, false)
	unlock()
	if _, err := os.Stat(state); !os.IsNotExist(err) {
		t.Errorf("reading made the folders: %v", err)
	}
}

// A journal that was lost or damaged is an empty one.
func TestABrokenJournalIsEmpty(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", `{"version": 2, "links": ["/x"]}`, `[]`, `{"version": 1, "files": {"/config.json": null}}`, `{"version": 1, "files": []}`} {
		path := put(t, filepath.Join(t.TempDir(), "configured.json"), text)
		j, unlock := OpenJournal(path, true)
		if j.Record("/config.json") != nil || len(j.Links()) > 0 {
			t.Errorf("%s: %+v", text, j)
		}
		if err := j.Put("/config.json", &Record{Entries: map[string]Entry{"h": {}}}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		unlock()
	}
}

// A record is a file that anybody may have damaged: whatever it says, the config stays JSON that the client takes.
func FuzzUndo(f *testing.F) {
	f.Add([]byte(`{"credHelpers":{"h":"x"}}`), "{ }", "made", []byte(`"y"`), true)
	f.Add([]byte(`{"credHelpers":{"h":"x"}, "a": 1}`), "null", "[]", []byte(`{}`), false)
	f.Add([]byte(`{"credHelpers":{"h":"x"}}`), `{"a": 1}`, "null // no", []byte(`1`), false)
	f.Fuzz(func(t *testing.T, text []byte, blank, helpers string, before []byte, file bool) {
		c, err := Parse(text, Docker)
		if err != nil {
			return
		}
		other := c.For("i")
		c.Undo(&Record{File: file, Blank: &blank, Helpers: helpers, Entries: map[string]Entry{"h": {Helper: "x", Before: before}}}, "h")
		again, err := Parse(c.Text(), Docker)
		if err != nil {
			t.Fatalf("%v: %q became\n%q", err, text, c.Text())
		}
		if got := again.For("i"); got.Source != other.Source || got.Helper != other.Helper {
			t.Fatalf("%+v became %+v: %q became\n%q", other, got, text, c.Text())
		}
	})
}

// Of processes that start at once, one may make the outer folder and another the inner one, and note theirs in any
// order.
func TestTheJournalTakesItsFoldersAwayInWhateverOrderTheyAreNoted(t *testing.T) {
	t.Parallel()
	outer := filepath.Join(t.TempDir(), "local")
	state := filepath.Join(outer, "state")
	path := filepath.Join(state, "ecr-login", "configured.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(journal{Version: journalVersion, Links: []string{"/bin/link"}, Folders: []string{outer, state}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	j, unlock := OpenJournal(path, true)
	if err := j.PutLinks(nil); err != nil {
		t.Fatal(err)
	}
	unlock()
	if _, err := os.Stat(outer); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", outer, err)
	}
}

// A journal is a file that anybody may have written, in a home that root was made to work in. What it names as folders is
// removed only where such a folder can have been made: above the journal.
func TestTheJournalRemovesNothingElse(t *testing.T) {
	t.Parallel()
	for _, write := range []bool{true, false} {
		top := t.TempDir()
		home := filepath.Join(top, "home")
		path := filepath.Join(home, "state", "ecr-login", "configured.json")
		file := put(t, filepath.Join(top, "etc", "file"), "")
		inHome := put(t, filepath.Join(home, "file"), "")
		folder := filepath.Join(top, "etc", "folder")
		beside := filepath.Join(home, "state", "beside")
		for _, dir := range []string{folder, beside, filepath.Dir(path)} {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		text, err := json.Marshal(journal{Version: journalVersion, Folders: []string{"/", file, inHome, folder, beside, filepath.Dir(path) + "/../../../etc/folder"}})
		if err != nil {
			t.Fatal(err)
		}
		put(t, path, string(text))
		j, unlock := OpenJournal(path, write)
		if write {
			if err := j.PutLinks([]string{"/bin/link"}); err != nil {
				t.Fatal(err)
			}
			if err := j.PutLinks(nil); err != nil {
				t.Fatal(err)
			}
		}
		unlock()
		for _, kept := range []string{file, inHome, folder, beside} {
			if _, err := os.Stat(kept); err != nil {
				t.Errorf("written %v: %v", write, err)
			}
		}
		if _, err := os.Stat(path); os.IsNotExist(err) != write {
			t.Errorf("written %v: the journal: %v", write, err)
		}
	}
}

// Reading removes nothing at all, also where the folder is empty.
func TestReadingTheJournalRemovesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, unlock := OpenJournal(filepath.Join(dir, "configured.json"), false)
	unlock()
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
	// A file in the folder's place is no folder, whoever noted it.
	file := put(t, filepath.Join(dir, "file"), "")
	removeFolders(file, []string{file})
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// The folders of a record are those above its file.
func TestARecordRemovesNoOtherFolders(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	path := put(t, filepath.Join(top, "made", ".docker", "config.json"), `{"credHelpers": {"h": "ecr-login"}}`)
	file := put(t, filepath.Join(top, "etc", "file"), "")
	folder := filepath.Join(top, "etc", "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	record := Record{File: true, Folders: []string{file, folder, filepath.Dir(path)}, Helpers: made, Entries: map[string]Entry{"h": {Helper: "ecr-login"}}}
	if _, err := Update(path, Docker, func(c *Config) error { c.Undo(&record, "h"); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := names(t, top) + " " + names(t, filepath.Dir(file)); got != "etc made file folder" {
		t.Errorf("left are %s", got)
	}
	if got := names(t, filepath.Join(top, "made")); got != "" {
		t.Errorf("left are %s", got)
	}
}

// A record is about a file. The paths that lead to it are many.
func TestARecordIsFoundThroughALink(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	link, real := filepath.Join(top, "link"), filepath.Join(top, "real")
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Skip(err)
	}
	j, unlock := OpenJournal(filepath.Join(top, "state", "configured.json"), true)
	defer unlock()
	record := &Record{Entries: map[string]Entry{"h": {Helper: "ecr-login"}}}
	for _, below := range []string{"config.json", filepath.Join("not", "there", "config.json")} {
		if err := j.Put(filepath.Join(link, below), record); err != nil {
			t.Fatal(err)
		}
		if j.Record(filepath.Join(real, below)) == nil || j.Record(filepath.Join(link, below)) == nil {
			t.Errorf("%s: noted are %q", below, j.Files())
		}
		if err := j.Put(filepath.Join(real, below), nil); err != nil {
			t.Fatal(err)
		}
		if len(j.Files()) > 0 {
			t.Errorf("%s: noted are %q", below, j.Files())
		}
	}
}
