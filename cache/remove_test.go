package cache

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestRemove(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	d := newDisk(t, at(h))
	d.keyStores = fileKeyStores
	if n, err := d.Remove(); n != 0 || err != nil {
		t.Errorf("an empty cache: %d, %v", n, err)
	}
	mustPut(t, d, "a", halfDay("value", h.wall))
	d.AddHost("host.example")
	if n, err := d.Remove(); n != 1 || err != nil {
		t.Errorf("removed %d entries, %v; want 1", n, err)
	}
	if _, err := os.Lstat(d.options.Dir); !os.IsNotExist(err) {
		t.Errorf("the directory still exists: %v", err)
	}
	// The cache can be used again.
	mustPut(t, d, "a", halfDay("again", h.wall))
	if e, _, err := d.Get("a"); err != nil || string(e.Value) != "again" {
		t.Errorf("%q, %v", e.Value, err)
	}
}

// In a directory with other files, only the files of the cache are removed.
func TestRemoveFromSharedDirectory(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	d := newDisk(t, at(h))
	d.keyStores = fileKeyStores
	other := map[string]string{"README": "mine", "notes.txt": "mine", "hosts/My file": "mine", "entries/README.old": "mine"}
	for _, dir := range []string{"hosts", "entries"} {
		if err := os.MkdirAll(filepath.Join(d.options.Dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range other {
		if err := os.WriteFile(filepath.Join(d.options.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustPut(t, d, "a", halfDay("value", time.Now()))
	if n, err := d.Remove(); n != 1 || err != nil {
		t.Errorf("removed %d entries, %v; want 1", n, err)
	}
	for name, text := range other {
		if got, err := os.ReadFile(filepath.Join(d.options.Dir, name)); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(d.options.Dir, keyFile)); !os.IsNotExist(err) {
		t.Errorf("the sealing key still exists: %v", err)
	}
}
