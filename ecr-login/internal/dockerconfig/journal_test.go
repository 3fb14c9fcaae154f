package dockerconfig

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

func TestJournalPath(t *testing.T) {
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
		{"a relative one is ignored", map[string]string{"HOME": "/home/me", "XDG_STATE_HOME": "state"}, "/home/me/.local/state/ecr-login/configured.json"},
		{"nothing", nil, ""},
	} {
		if got, err := (Locator{environment(c.env)}).Journal(); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

// openJournal opens a journal that must be usable.
func openJournal(t *testing.T, path string, write bool) (*Journal, func()) {
	t.Helper()
	j, unlock, err := OpenJournal(path, write)
	if err != nil {
		t.Fatal(err)
	}
	return j, unlock
}

func TestJournalStoresRecords(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	path := filepath.Join(state, "ecr-login", "configured.json")
	text := "{ }"
	record := &Record{Blank: &text, Helpers: made, Dirs: []string{"/a/b"}, Entries: map[string]Entry{"h": {Helper: "ecr-login", Before: []byte("\"caf\xe9\"")}}}
	j, unlock := openJournal(t, path, true)
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

	j, unlock = openJournal(t, path, true)
	r := j.Record("/config.json")
	if r == nil || *r.Blank != text || r.Helpers != made || !slices.Equal(r.Dirs, record.Dirs) || string(r.Entries["h"].Before) != "\"caf\xe9\"" {
		t.Fatalf("%+v", r)
	}
	if got := j.Links(); !slices.Equal(got, []string{"/bin/link"}) || j.Record("/other.json") != nil {
		t.Errorf("%q, %+v", got, j.Record("/other.json"))
	}

	// An empty journal leaves nothing behind.
	if err := j.Put("/config.json", &Record{File: true}); err != nil {
		t.Fatal(err)
	}
	if err := j.PutLinks(nil); err != nil {
		t.Fatal(err)
	}
	unlock()
	if _, err := os.Stat(state); !os.IsNotExist(err) {
		t.Errorf("the directories exist: %v", err)
	}
	_, unlock = openJournal(t, path, false)
	unlock()
	if _, err := os.Stat(state); !os.IsNotExist(err) {
		t.Errorf("reading created the directories: %v", err)
	}
}

// A damaged journal counts as empty.
func TestDamagedJournalIsEmpty(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", `{"version": 2, "links": ["/x"]}`, `[]`, `{"version": 1, "files": {"/config.json": null}}`, `{"version": 1, "files": []}`} {
		path := put(t, filepath.Join(t.TempDir(), "configured.json"), text)
		j, unlock := openJournal(t, path, true)
		if j.Record("/config.json") != nil || len(j.Links()) > 0 {
			t.Errorf("%s: %+v", text, j)
		}
		if err := j.Put("/config.json", &Record{Entries: map[string]Entry{"h": {}}}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		unlock()
	}
}

// A journal may be damaged. Every record leaves JSON that the client reads.
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

// Of two processes, one may create the outer directory and the other the inner one, and record them
// in any order.
func TestJournalRemovesItsDirectoriesInAnyOrder(t *testing.T) {
	t.Parallel()
	outer := filepath.Join(t.TempDir(), "local")
	state := filepath.Join(outer, "state")
	path := filepath.Join(state, "ecr-login", "configured.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(journal{Version: journalVersion, Links: []string{"/bin/link"}, Created: []string{outer, state}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	j, unlock := openJournal(t, path, true)
	if err := j.PutLinks(nil); err != nil {
		t.Fatal(err)
	}
	unlock()
	if _, err := os.Stat(outer); !os.IsNotExist(err) {
		t.Errorf("%s still exists: %v", outer, err)
	}
}

// A damaged journal may name any directory. Only those above the journal are removed.
func TestJournalRemovesNothingElse(t *testing.T) {
	t.Parallel()
	for _, write := range []bool{true, false} {
		top := t.TempDir()
		home := filepath.Join(top, "home")
		path := filepath.Join(home, "state", "ecr-login", "configured.json")
		file := put(t, filepath.Join(top, "etc", "file"), "")
		inHome := put(t, filepath.Join(home, "file"), "")
		directory := filepath.Join(top, "etc", "directory")
		beside := filepath.Join(home, "state", "beside")
		for _, dir := range []string{directory, beside, filepath.Dir(path)} {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		text, err := json.Marshal(journal{Version: journalVersion, Created: []string{"/", file, inHome, directory, beside, filepath.Dir(path) + "/../../../etc/directory"}})
		if err != nil {
			t.Fatal(err)
		}
		put(t, path, string(text))
		j, unlock := openJournal(t, path, write)
		if write {
			if err := j.PutLinks([]string{"/bin/link"}); err != nil {
				t.Fatal(err)
			}
			if err := j.PutLinks(nil); err != nil {
				t.Fatal(err)
			}
		}
		unlock()
		for _, kept := range []string{file, inHome, directory, beside} {
			if _, err := os.Stat(kept); err != nil {
				t.Errorf("written %v: %v", write, err)
			}
		}
		if _, err := os.Stat(path); os.IsNotExist(err) != write {
			t.Errorf("written %v: the journal: %v", write, err)
		}
	}
}

// Reading removes nothing, even if the directory is empty.
func TestReadingJournalRemovesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, unlock := openJournal(t, filepath.Join(dir, "configured.json"), false)
	unlock()
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
	// A recorded path that is a file is not removed.
	file := put(t, filepath.Join(dir, "file"), "")
	removeDirs(file, []string{file})
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// Only the recorded directories above a file are removed with it.
func TestRecordRemovesNoOtherDirectories(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	path := put(t, filepath.Join(top, "made", ".docker", "config.json"), `{"credHelpers": {"h": "ecr-login"}}`)
	file := put(t, filepath.Join(top, "etc", "file"), "")
	directory := filepath.Join(top, "etc", "directory")
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	record := Record{File: true, Dirs: []string{file, directory, filepath.Dir(path)}, Helpers: made, Entries: map[string]Entry{"h": {Helper: "ecr-login"}}}
	if _, err := Update(t.Context(), path, Docker, func(c *Config) error { c.Undo(&record, "h"); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := names(t, top) + " " + names(t, filepath.Dir(file)); got != "etc made directory file" {
		t.Errorf("left are %s", got)
	}
	if got := names(t, filepath.Join(top, "made")); got != "" {
		t.Errorf("left are %s", got)
	}
}

// A record belongs to the file, whatever link leads to it.
func TestRecordIsFoundThroughLink(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	link, real := filepath.Join(top, "link"), filepath.Join(top, "real")
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Skip(err)
	}
	j, unlock := openJournal(t, filepath.Join(top, "state", "configured.json"), true)
	defer unlock()
	record := &Record{Entries: map[string]Entry{"h": {Helper: "ecr-login"}}}
	for _, below := range []string{"config.json", filepath.Join("not", "there", "config.json")} {
		if err := j.Put(filepath.Join(link, below), record); err != nil {
			t.Fatal(err)
		}
		if j.Record(filepath.Join(real, below)) == nil || j.Record(filepath.Join(link, below)) == nil {
			t.Errorf("%s: recorded are %q", below, j.Files())
		}
		if err := j.Put(filepath.Join(real, below), nil); err != nil {
			t.Fatal(err)
		}
		if len(j.Files()) > 0 {
			t.Errorf("%s: recorded are %q", below, j.Files())
		}
	}
}
