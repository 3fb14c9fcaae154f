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

// plantEntries puts n files with the names of entries into a folder, as another
// machine, or this one before its last boot, may have left them.
func plantEntries(t testing.TB, dir string, n int, expires time.Time) {
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

func TestCleaningTakesWhatHasExpired(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	d := newDisk(t, at(h))
	mustPut(t, d, "mine", halfDay("v", h.wall)) // cleans
	entries := filepath.Join(d.options.Dir, entriesDir)
	plantEntries(t, entries, 9_990, h.wall.Add(-time.Second))
	for i := range 9 {
		mustPut(t, d, "good "+strconv.Itoa(i), halfDay("v", h.wall)) // within the minute
	}
	if n := len(dirNames(t, entries)); n != 9_990+10+1 {
		t.Fatalf("%d files before the cleaning", n)
	}
	h.pass(cleanupInterval)
	wantValue(t, d, "mine", "v")
	if n := len(dirNames(t, entries)); n != 9_990+10+1 {
		t.Fatalf("reading cleaned: %d files", n)
	}
	mustPut(t, d, "mine", halfDay("v", h.clock().now()))
	if n := len(dirNames(t, entries)); n != 10+1 {
		t.Errorf("%d files after the cleaning, want 11", n)
	}
	if n := len(validItems(d)); n != 10 {
		t.Errorf("%d entries after the cleaning, want 10", n)
	}
}

func TestCleaningIsAtMostOnceAMinute(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	d := newDisk(t, at(h))
	mustPut(t, d, "k", halfDay("v", h.wall))
	entries := filepath.Join(d.options.Dir, entriesDir)
	for _, c := range []struct {
		why   string
		after func()
		taken bool
	}{
		{"at once", func() {}, false},
		{"short of a minute", func() { h.pass(cleanupInterval - time.Second) }, false},
		{"a minute", func() { h.pass(time.Second) }, true},
		{"the clock was put back: the mark is in the future", func() { h.set(-48 * time.Hour) }, true},
		{"the mark is a folder", func() {
			mark := filepath.Join(entries, cleanedName)
			if err := os.Remove(mark); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(mark, 0o700); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"and then a file again", func() {}, false},
	} {
		c.after()
		plantEntries(t, entries, 1, h.clock().now().Add(-100*time.Hour))
		mustPut(t, d, "k", halfDay("v", h.clock().now()))
		if taken := len(dirNames(t, entries)) == 2; taken != c.taken {
			t.Errorf("%s: cleaned = %v, want %v", c.why, taken, c.taken)
		}
	}
}

func TestCleaningLeavesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	d := newDisk(t, at(h))
	mustPut(t, d, "k", halfDay("v", h.wall))
	var random [8]byte
	rand.Read(random[:])
	temp := func(at time.Time) string {
		return tempPrefix + strconv.FormatInt(at.Unix(), 10) + "-" + hex.EncodeToString(random[:])
	}
	now := time.Now()
	entry := sealingKey{99}.fileName(hashKey("x"))
	files := map[string]bool{ // whether they stay
		"entries/" + entry:                      false,
		"entries/somebody's":                    true,
		"entries/" + entry + ".bak":             true,
		"entries/" + temp(now):                  true, // being written
		"entries/" + temp(now.Add(-time.Hour)):  false,
		"entries/" + temp(now.Add(2*time.Hour)): false, // from before the clock was put back
		"entries/.tmp-x":                        true,
		temp(now.Add(-time.Hour)):               false,
		"thesis.tex":                            true,
		"hosts/old.example":                     false,
		"hosts/Not A Note":                      true,
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
	folder := filepath.Join(d.options.Dir, "entries", sealingKey{98}.fileName(hashKey("x")))
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(folder, long, long); err != nil {
		t.Fatal(err)
	}
	h.pass(cleanupInterval)
	mustPut(t, d, "k", halfDay("v", h.clock().now()))
	for name, stays := range files {
		if _, err := os.Lstat(filepath.Join(d.options.Dir, name)); (err == nil) != stays {
			t.Errorf("%s: there = %v, want %v", name, err == nil, stays)
		}
	}
	if _, err := os.Lstat(folder); err != nil {
		t.Errorf("a folder went: %v", err)
	}
}

func TestFileTimeIsTheExpiry(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	d := newDisk(t, at(h))
	mustPut(t, d, "k", halfDay("v", h.wall))
	fi, err := os.Stat(entryPath(d, "k"))
	if err != nil {
		t.Fatal(err)
	}
	if want := h.wall.Add(12 * time.Hour); !fi.ModTime().Equal(want) {
		t.Errorf("the file's time is %v, want %v", fi.ModTime(), want)
	}
}
