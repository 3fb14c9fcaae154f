package cache

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fetcher is a fetch function that counts its calls.
type fetcher struct {
	calls atomic.Int32
	fn    func(ctx context.Context) (Entry, error)
}

func (f *fetcher) fetch(ctx context.Context) (Entry, error) {
	f.calls.Add(1)
	return f.fn(ctx)
}

func (f *fetcher) wantCalls(t testing.TB, n int32) {
	t.Helper()
	if got := f.calls.Load(); got != n {
		t.Errorf("%d fetches, want %d", got, n)
	}
}

func returning(value string) *fetcher {
	return &fetcher{fn: func(context.Context) (Entry, error) { return halfDay(value, time.Now()), nil }}
}

func failing(err error) *fetcher {
	return &fetcher{fn: func(context.Context) (Entry, error) { return Entry{}, err }}
}

func wantDo(t testing.TB, c *Cache, key string, f *fetcher, value string) {
	t.Helper()
	e, err := c.Do(t.Context(), key, f.fetch)
	if err != nil || string(e.Value) != value {
		t.Fatalf("got %q, %v, want %q", e.Value, err, value)
	}
}

func TestDoStates(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	c := &Cache{Disk: newDisk(t, at(h))}
	f := &fetcher{fn: func(context.Context) (Entry, error) { return halfDay("one", h.clock().now()), nil }}
	wantDo(t, c, "k", f, "one")
	wantDo(t, c, "k", f, "one")
	f.wantCalls(t, 1)
	if e, s, err := c.Lookup("k"); s != Fresh || err != nil || string(e.Value) != "one" {
		t.Errorf("lookup: %q, %v, %v", e.Value, s, err)
	}
	h.advance(6 * time.Hour)
	if _, s, err := c.Lookup("k"); s != Aging || err != nil {
		t.Errorf("lookup: %v, %v", s, err)
	}
	f.fn = func(context.Context) (Entry, error) { return halfDay("two", h.clock().now()), nil }
	wantDo(t, c, "k", f, "two")
	f.wantCalls(t, 2)
	h.advance(12 * time.Hour)
	var m *Miss
	if _, s, err := c.Lookup("k"); s != Expired || !errors.As(err, &m) || m.Reason != "expired" {
		t.Errorf("lookup: %v, %v", s, err)
	}
	down := errors.New("down")
	if e, err := c.Do(t.Context(), "k", failing(down).fetch); !errors.Is(err, down) {
		t.Errorf("returned an expired entry: %q, %v", e.Value, err)
	}
	if _, s, _ := c.Lookup("never"); s != Absent {
		t.Errorf("lookup of an unknown key: %v", s)
	}
}

// During an outage, Do is called for an aging entry every second for a minute.
func TestOutageWhileAging(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	c := &Cache{Disk: newDisk(t, at(h))}
	mustPut(t, c.Disk, "k", halfDay("old", h.wall))
	h.advance(7 * time.Hour)
	f := failing(errors.New("connection refused")) // not shared, but it delays the next refresh
	for range 60 {
		wantDo(t, c, "k", f, "old")
		h.advance(time.Second)
	}
	if n := f.calls.Load(); n < 1 || n > 2 {
		t.Errorf("%d attempts in a minute, want 1 or 2", n)
	}
	h.advance(time.Minute)
	wantDo(t, c, "k", returning("new"), "new")
}

// Another process refreshed the entry between the lookup and the lock.
func TestRefreshByAnotherProcess(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	c := &Cache{Disk: newDisk(t, at(h))}
	old := halfDay("old", h.wall.Add(-7*time.Hour))
	mustPut(t, c.Disk, "k", halfDay("new", h.wall))
	f := returning("own")
	if e, err := c.refreshAging(t.Context(), "k", old, f.fetch); err != nil || string(e.Value) != "new" {
		t.Errorf("got %q, %v", e.Value, err)
	}
	f.wantCalls(t, 0)
}

func TestRefreshTimeout(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	c := &Cache{Disk: newDisk(t, at(h))}
	mustPut(t, c.Disk, "k", halfDay("old", h.wall))
	h.advance(7 * time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	_, err := c.Do(ctx, "k", func(ctx context.Context) (Entry, error) {
		deadline, ok := ctx.Deadline()
		if left := time.Until(deadline); !ok || left > refreshTimeout {
			t.Errorf("the refresh has %v left", left)
		}
		return Entry{}, errors.New("slow")
	})
	if err != nil {
		t.Error(err)
	}
}

// Only the fetch for an aging entry is marked as a refresh, because only its failure returns an
// entry.
func TestIsRefresh(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	c := &Cache{Disk: newDisk(t, at(h))}
	fetch := func(want bool) func(context.Context) (Entry, error) {
		return func(ctx context.Context) (Entry, error) {
			if got := IsRefresh(ctx); got != want {
				t.Errorf("IsRefresh = %v, want %v", got, want)
			}
			return halfDay("v", h.clock().now()), nil
		}
	}
	for _, step := range []struct {
		do   func(context.Context, string, func(context.Context) (Entry, error)) (Entry, error)
		want bool
	}{
		{c.Do, false}, // no entry yet
		{c.Refresh, false},
		{c.Do, true}, // aging entry
	} {
		if _, err := step.do(t.Context(), "k", fetch(step.want)); err != nil {
			t.Error(err)
		}
		h.advance(7 * time.Hour)
	}
}

// An aging entry that expires while its refresh fails must not be returned.
func TestAgingEntryExpiresDuringRefresh(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	c := &Cache{Disk: newDisk(t, at(h))}
	mustPut(t, c.Disk, "k", halfDay("old", h.wall))
	h.advance(12*time.Hour - time.Second)
	down := errors.New("down")
	e, err := c.Do(t.Context(), "k", func(context.Context) (Entry, error) {
		h.advance(2 * time.Second)
		return Entry{}, down
	})
	if !errors.Is(err, down) {
		t.Errorf("got %q, %v", e.Value, err)
	}
}

func TestEntryWithoutLifetimeNotStored(t *testing.T) {
	t.Parallel()
	c := &Cache{Disk: newDisk(t)}
	f := &fetcher{fn: func(context.Context) (Entry, error) {
		return Entry{Value: []byte("once"), Fetched: time.Now(), Lifetime: -time.Hour}, nil
	}}
	wantDo(t, c, "k", f, "once")
	wantDo(t, c, "k", f, "once")
	f.wantCalls(t, 2)
}

func TestZeroCache(t *testing.T) {
	t.Parallel()
	c := &Cache{}
	wantDo(t, c, "k", returning("v"), "v")
	if err := c.Delete("k"); err != nil {
		t.Error(err)
	}
	unlock, err := c.Lock(t.Context(), "name")
	if err != nil {
		t.Error(err)
	}
	unlock()
}

// Do returns the fetched entry even if nothing can be stored or locked.
func TestUnusableDirectory(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]func(t *testing.T) string{
		"below a file": func(*testing.T) string { return filepath.Join(os.DevNull, "cache") },
		"writable for others": func(t *testing.T) string {
			dir := t.TempDir()
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			return dir
		},
		"the directory of locks is a file": func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "cache")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, locksDir), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return dir
		},
		"the lock is a directory": func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "cache")
			for _, name := range []string{lockName(entryLock, "k"), lockName(namedLock, "name")} {
				if err := os.MkdirAll(filepath.Join(dir, locksDir, name), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			return dir
		},
		"the directory of entries is a file": func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "cache")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, entriesDir), []byte("other"), 0o600); err != nil {
				t.Fatal(err)
			}
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := dir(t)
			c := &Cache{Disk: newDisk(t, func(o *Options) { o.Dir = dir })}
			wantDo(t, c, "k", returning("v"), "v")
			unlock, err := c.Lock(t.Context(), "name")
			if err != nil {
				t.Error(err)
			}
			unlock()
			c.Disk.AddHost("host")
			_ = c.Disk.Status()
			if err := c.Delete("k"); err != nil {
				t.Error(err)
			}
		})
	}
}

// mapStore is a Store in memory.
type mapStore struct {
	mu      sync.Mutex
	entries map[string]Entry
	missed  chan string // receives the key of each Get that misses; nil means none
}

func (s *mapStore) Get(key string) (Entry, State, error) {
	s.mu.Lock()
	e, ok := s.entries[key]
	s.mu.Unlock()
	if ok {
		e.Value = bytes.Clone(e.Value)
		state, err := Clock{}.State(e)
		return e, state, err
	}
	if s.missed != nil {
		s.missed <- key
	}
	return Entry{}, Absent, miss("absent")
}

func (s *mapStore) Put(key string, e Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entries == nil {
		s.entries = map[string]Entry{}
	}
	e.Value = bytes.Clone(e.Value)
	s.entries[key] = e
	return nil
}

func (s *mapStore) Delete(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, key)
	return nil
}

func TestFailingStore(t *testing.T) {
	t.Parallel()
	c := &Cache{Store: failingStore{}}
	wantDo(t, c, "k", returning("v"), "v")
	if _, s, err := c.Lookup("k"); s != Absent || err == nil {
		t.Errorf("lookup: %v, %v", s, err)
	}
	if err := c.Delete("k"); err == nil {
		t.Error("Delete returned no error")
	}
}

type failingStore struct{}

var errStore = errors.New("store failed")

func (failingStore) Get(string) (Entry, State, error) { return Entry{}, Absent, errStore }
func (failingStore) Put(string, Entry) error          { return errStore }
func (failingStore) Delete(string) error              { return errStore }
