package cache

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// A fakeClock is a Clock that a test sets.
type fakeClock struct {
	mu    sync.Mutex
	wall  time.Time
	since time.Duration
	boot  string
}

func newFakeClock() *fakeClock {
	return &fakeClock{
		wall:  time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC),
		since: 24 * time.Hour,
		boot:  "boot-1",
	}
}

func (h *fakeClock) clock() Clock {
	return Clock{
		Now: func() time.Time {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.wall
		},
		Boot: func() (string, time.Duration, bool) {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.boot, h.since, h.boot != ""
		},
	}
}

// advance lets time pass.
func (h *fakeClock) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wall = h.wall.Add(d)
	h.since += d
}

// set changes only the wall clock.
func (h *fakeClock) set(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wall = h.wall.Add(d)
}

// reboot restarts the boot clock with another boot ID; "" means that there is no boot clock.
func (h *fakeClock) reboot(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.boot, h.since = id, time.Minute
}

// fixedKeyStore is a keyStore with a fixed key.
type fixedKeyStore sealingKey

func (fixedKeyStore) name() string                  { return "a test" }
func (fixedKeyStore) offDisk() bool                 { return true }
func (p fixedKeyStore) read() (sealingKey, error)   { return sealingKey(p), nil }
func (p fixedKeyStore) create() (sealingKey, error) { return sealingKey(p), nil }
func (p fixedKeyStore) remove() error               { return nil }

func fixedKeyStores(b byte) func(*directory) []keyStore {
	return func(*directory) []keyStore { return []keyStore{fixedKeyStore{b}} }
}

// environ returns a lookup function for the given names and values.
func environ(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// newDisk returns a Disk with a directory that does not exist yet and a fixed sealing key.
func newDisk(t testing.TB, change ...func(*Options)) *Disk {
	t.Helper()
	o := Options{Name: "ecr-login", Environ: environ(), Dir: filepath.Join(t.TempDir(), "cache")}
	for _, f := range change {
		f(&o)
	}
	d := Open(o)
	d.keyStores = fixedKeyStores(7)
	d.systemDir = ""
	return d
}

// at sets the clock of a Disk.
func at(h *fakeClock) func(*Options) {
	return func(o *Options) { o.Clock = h.clock() }
}

// halfDay returns an entry that is valid for 12 hours, like an ECR token.
func halfDay(value string, fetched time.Time) Entry {
	return Entry{Value: []byte(value), Fetched: fetched, Lifetime: 12 * time.Hour, Refresh: 6 * time.Hour}
}

func mustPut(t testing.TB, s Store, key string, e Entry) {
	t.Helper()
	if err := s.Put(key, e); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

func wantValue(t testing.TB, s Store, key, value string) Entry {
	t.Helper()
	e, _, err := s.Get(key)
	if err != nil {
		t.Fatalf("get %q: %v, want %q", key, err, value)
	}
	if string(e.Value) != value {
		t.Fatalf("get %q = %q, want %q", key, e.Value, value)
	}
	return e
}

func wantMiss(t testing.TB, s Store, key, reason string) {
	t.Helper()
	e, _, err := s.Get(key)
	var m *Miss
	if !errors.As(err, &m) {
		t.Fatalf("get %q = %q, %v, want a miss: %s", key, e.Value, err, reason)
	}
	if m.Reason != reason {
		t.Fatalf("get %q: reason %q, want %q", key, m.Reason, reason)
	}
}

// entryPath returns the path of an entry's file.
func entryPath(d *Disk, key string) string {
	k, _ := d.readKey(&directory{path: d.options.Dir})
	return filepath.Join(d.options.Dir, entriesDir, k.fileName(hashKey(key)))
}

// readTree returns the content of all files below a directory.
func readTree(t testing.TB, dir string) []byte {
	t.Helper()
	var all bytes.Buffer
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		all.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.Bytes()
}

// requireRoot skips a test that only root can set up.
func requireRoot(t testing.TB, why string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: " + why)
	}
}

// validItems returns the entries of the inventory that Get returns.
func validItems(d *Disk) []Item {
	return slices.DeleteFunc(d.Inventory().Items, func(i Item) bool { return i.State != Fresh && i.State != Aging })
}
