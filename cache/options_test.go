package cache

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Two programs with different names share nothing, wherever the environment puts their caches.
func TestProgramsWithDifferentNamesShareNothing(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	var env []string
	for _, name := range []string{"CACHE_DIRECTORY", "XDG_CACHE_HOME", "LocalAppData", "HOME", "XDG_RUNTIME_DIR", "TMPDIR", "TMP"} {
		dir := filepath.Join(base, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		env = append(env, name, dir)
	}
	one := Open(Options{Name: "one", Environ: environ(env...)})
	two := Open(Options{Name: "two", Environ: environ(env...)})
	if one.keyDescription == two.keyDescription || one.systemDir == two.systemDir {
		t.Errorf("both use the keyring entry %s and the directory %s", one.keyDescription, one.systemDir)
	}
	seen := map[string]bool{}
	for _, d := range []*Disk{one, two} {
		for c := range d.candidates {
			if seen[c.path] {
				t.Errorf("both use the directory %s", c.path)
			}
			seen[c.path] = true
		}
	}
	for _, d := range []*Disk{one, two} {
		d.systemDir = ""
		d.keyStores = fileKeyStores
	}
	mustPut(t, one, "k", halfDay("v", time.Now()))
	wantMiss(t, two, "k", "absent")
	if err := two.Delete("k"); err != nil {
		t.Error(err)
	}
	mustPut(t, two, "k", halfDay("other", time.Now()))
	wantValue(t, one, "k", "v")
	one.AddHost("host.example")
	if got := two.Hosts(); len(got) != 0 {
		t.Errorf("hosts of the other program: %q", got)
	}
	if _, err := two.Clear(); err != nil {
		t.Error(err)
	}
	wantValue(t, one, "k", "v")
}

// The keyring entry and the directories of an existing program must not change, or it would lose
// its cache.
func TestNamesFromProgramName(t *testing.T) {
	t.Parallel()
	d := Open(Options{Name: "ecr-login"})
	if got, want := d.keyDescription, "ecr-login:sealing-key"; got != want {
		t.Errorf("keyring entry %q, want %q", got, want)
	}
	if got, want := d.systemDir, "/var/cache/ecr-login"; got != want {
		t.Errorf("directory of root %q, want %q", got, want)
	}
	if d := Open(Options{}); d.options.Name != strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") {
		t.Errorf("default name %q of program %q", d.options.Name, os.Args[0])
	}
}

func TestInvalidProgramName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{".", "..", "a/b", `a\b`, "/a", "../a", "a:b", "a\x00b"} {
		base := t.TempDir()
		d := Open(Options{Name: name, Environ: environ("HOME", base, "XDG_CACHE_HOME", base, "TMPDIR", base)})
		d.keyStores = fixedKeyStores(7)
		if err := d.Put("k", halfDay("v", time.Now())); err == nil {
			t.Errorf("%q: stored", name)
		}
		wantMiss(t, d, "k", errName.Error())
		if s := d.Status(); s.Dir != "" || s.Problem != errName.Error() {
			t.Errorf("%q: status %+v", name, s)
		}
		if names := dirNames(t, base); len(names) != 0 {
			t.Errorf("%q: created %q", name, names)
		}
	}
}

func TestReadmeAndTag(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ readme, want string }{
		{"", "This directory contains the cache of ecr-login."},
		{"Read this.\n", "Read this.\n"},
	} {
		d := newDisk(t, func(o *Options) { o.Readme = c.readme })
		mustPut(t, d, "k", halfDay("v", time.Now()))
		readme, err := os.ReadFile(filepath.Join(d.options.Dir, "README"))
		if err != nil || !bytes.HasPrefix(readme, []byte(c.want)) {
			t.Errorf("readme %q, %v, want %q", readme, err, c.want)
		}
		tag, err := os.ReadFile(filepath.Join(d.options.Dir, "CACHEDIR.TAG"))
		if err != nil || !bytes.HasPrefix(tag, []byte("Signature: 8a477f597d28d172789f06886806bc55\n")) ||
			!bytes.Contains(tag, []byte("ecr-login")) {
			t.Errorf("tag %q, %v", tag, err)
		}
	}
}

// The JSON form of a status is output of programs. It must not change.
func TestStatusJSON(t *testing.T) {
	t.Parallel()
	s := Status{
		Dir: "/dir", Exists: true, Writable: true, Problem: "p",
		Skipped:  []SkippedDir{{"/skipped", errShared}},
		KeyStore: "k", KeyOffDisk: true, KeyProblem: "kp", Locks: true, LocksProblem: "lp", Entries: 3,
	}
	got, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"directory":"/dir","exists":true,"writable":true,"trouble":"p",` +
		`"skipped":["/skipped: group or others can write to it"],` +
		`"sealing":"k","offDisk":true,"sealingTrouble":"kp","locks":true,"locksTrouble":"lp","entries":3}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestEntryTimes(t *testing.T) {
	t.Parallel()
	fetched := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	got := halfDay("v", fetched).Times()
	if want := (Times{fetched, fetched.Add(6 * time.Hour), fetched.Add(12 * time.Hour)}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	zero, err := json.Marshal(Times{})
	if err != nil || string(zero) != "{}" {
		t.Errorf("zero times: %s, %v", zero, err)
	}
}
