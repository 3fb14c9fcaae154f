package cache

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// createEntryFiles creates n files with names of entries that another sealing key sealed.
func createEntryFiles(t testing.TB, dir string, n int, expires time.Time) {
	t.Helper()
	for i := range n {
		name := filepath.Join(dir, sealingKey{99}.fileName(hashKey(strconv.Itoa(i))))
		if err := os.WriteFile(name, []byte("sealed"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, expires, expires); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCleanupRemovesExpired(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	d := newDisk(t, at(h))
	mustPut(t, d, "mine", halfDay("v", h.wall)) // runs the first cleanup
	entries := filepath.Join(d.options.Dir, entriesDir)
	createEntryFiles(t, entries, 9_990, h.wall.Add(-time.Second))
	for i := range 9 {
		mustPut(t, d, "good "+strconv.Itoa(i), halfDay("v", h.wall)) // within cleanupInterval
	}
	if n := len(dirNames(t, entries)); n != 9_990+10+1 {
		t.Fatalf("%d files before the cleanup", n)
	}
	h.advance(cleanupInterval)
	wantValue(t, d, "mine", "v")
	if n := len(dirNames(t, entries)); n != 9_990+10+1 {
		t.Fatalf("reading removed files: %d remain", n)
	}
	mustPut(t, d, "mine", halfDay("v", h.clock().now()))
	if n := len(dirNames(t, entries)); n != 10+1 {
		t.Errorf("%d files after the cleanup, want 11", n)
	}
	if n := len(validItems(d)); n != 10 {
		t.Errorf("%d entries after the cleanup, want 10", n)
	}
}

func TestCleanupInterval(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	d := newDisk(t, at(h))
	mustPut(t, d, "k", halfDay("v", h.wall))
	entries := filepath.Join(d.options.Dir, entriesDir)
	for _, c := range []struct {
		name    string
		after   func()
		removed bool
	}{
		{"immediately", func() {}, false},
		{"after less than a minute", func() { h.advance(cleanupInterval - time.Second) }, false},
		{"after a minute", func() { h.advance(time.Second) }, true},
		{"the clock was set back, so the last cleanup is in the future", func() { h.set(-48 * time.Hour) }, true},
		{"the .cleaned file is a directory", func() {
			cleaned := filepath.Join(entries, cleanedName)
			if err := os.Remove(cleaned); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(cleaned, 0o700); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"immediately after that", func() {}, false},
	} {
		c.after()
		createEntryFiles(t, entries, 1, h.clock().now().Add(-100*time.Hour))
		mustPut(t, d, "k", halfDay("v", h.clock().now()))
		if removed := len(dirNames(t, entries)) == 2; removed != c.removed {
			t.Errorf("%s: removed = %v, want %v", c.name, removed, c.removed)
		}
	}
}

func TestCleanupKeepsUnknownFiles(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	d := newDisk(t, at(h))
	mustPut(t, d, "k", halfDay("v", h.wall))
	var random [8]byte
	rand.Read(random[:])
	temp := func(at time.Time) string {
		return tempPrefix + strconv.FormatInt(at.Unix(), 10) + "-" + hex.EncodeToString(random[:])
	}
	now := time.Now()
	entry := sealingKey{99}.fileName(hashKey("x"))
	files := map[string]bool{ // whether they remain
		"entries/" + entry:                      false,
		"entries/unknown":                       true,
		"entries/" + entry + ".bak":             true,
		"entries/" + temp(now):                  true, // being written
		"entries/" + temp(now.Add(-time.Hour)):  false,
		"entries/" + temp(now.Add(2*time.Hour)): false, // from before the clock was set back
		"entries/.tmp-x":                        true,
		temp(now.Add(-time.Hour)):               false,
		"thesis.tex":                            true,
		"hosts/old.example":                     false,
		"hosts/Not A Host":                      true,
		"locks/entry-1":                         true,
	}
	long := h.wall.Add(-31 * 24 * time.Hour)
	for name := range files {
		path := filepath.Join(d.options.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(d.options.Dir, "entries", sealingKey{98}.fileName(hashKey("x")))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(dir, long, long); err != nil {
		t.Fatal(err)
	}
	h.advance(cleanupInterval)
	mustPut(t, d, "k", halfDay("v", h.clock().now()))
	for name, remains := range files {
		if _, err := os.Lstat(filepath.Join(d.options.Dir, name)); (err == nil) != remains {
			t.Errorf("%s: exists = %v, want %v", name, err == nil, remains)
		}
	}
	if _, err := os.Lstat(dir); err != nil {
		t.Errorf("a directory was removed: %v", err)
	}
}

func TestModificationTimeIsExpiry(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	d := newDisk(t, at(h))
	mustPut(t, d, "k", halfDay("v", h.wall))
	fi, err := os.Stat(entryPath(d, "k"))
	if err != nil {
		t.Fatal(err)
	}
	if want := h.wall.Add(12 * time.Hour); !fi.ModTime().Equal(want) {
		t.Errorf("the modification time is %v, want %v", fi.ModTime(), want)
	}
}
