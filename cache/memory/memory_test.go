package memory

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
)

// countingStore is the store below a Tier. It counts calls of Get. It is not a cache.Disk, whose
// sealing key would remain in the user's keyring.
type countingStore struct {
	mu      sync.Mutex
	clock   cache.Clock
	entries map[string]cache.Entry
	gets    int
	err     error // of Put
}

func (s *countingStore) Get(key string) (cache.Entry, cache.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gets++
	e, ok := s.entries[key]
	if !ok {
		return cache.Entry{}, cache.Absent, &cache.Miss{Reason: "absent"}
	}
	state, err := s.clock.State(e)
	if err != nil {
		return cache.Entry{}, state, err
	}
	return e, state, nil
}

func (s *countingStore) Put(key string, e cache.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.entries[key] = e
	}
	return s.err
}

func (s *countingStore) Delete(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, key)
	return nil
}

// tiers returns a Tier, the store below, and functions that advance and read their common clock.
func tiers(t *testing.T) (memory *Tier, below *countingStore, advance func(time.Duration), now func() time.Time) {
	t.Helper()
	var mu sync.Mutex
	at := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return at
	}
	advance = func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(d)
	}
	clock := cache.Clock{Now: now, Boot: func() (string, time.Duration, bool) { return "", 0, false }}
	below = &countingStore{clock: clock, entries: map[string]cache.Entry{}}
	memory = Over(below)
	memory.Clock = clock
	return memory, below, advance, now
}

func halfDay(value string, fetched time.Time) cache.Entry {
	return cache.Entry{Value: []byte(value), Fetched: fetched, Lifetime: 12 * time.Hour, Refresh: 6 * time.Hour}
}

func want(t *testing.T, s cache.Store, key, value string) {
	t.Helper()
	e, _, err := s.Get(key)
	if value == "" {
		var m *cache.Miss
		if !errors.As(err, &m) {
			t.Fatalf("get %q = %q, %v, want a miss", key, e.Value, err)
		}
		return
	}
	if err != nil || string(e.Value) != value {
		t.Fatalf("get %q = %q, %v, want %q", key, e.Value, err, value)
	}
}

func put(t *testing.T, s cache.Store, key string, e cache.Entry) {
	t.Helper()
	if err := s.Put(key, e); err != nil {
		t.Fatal(err)
	}
}

func TestFreshEntryFromMemory(t *testing.T) {
	t.Parallel()
	m, below, advance, now := tiers(t)
	want(t, m, "k", "")
	put(t, m, "k", halfDay("v", now()))
	below.gets = 0
	for range 10 {
		want(t, m, "k", "v")
	}
	if below.gets != 0 {
		t.Errorf("%d lookups in the store below", below.gets)
	}
	want(t, below, "k", "v") // also stored below
	below.gets = 0
	advance(6 * time.Hour)
	want(t, m, "k", "v") // aging: another process may have refreshed it
	if below.gets != 1 {
		t.Errorf("%d lookups of an aging entry in the store below, want 1", below.gets)
	}
	put(t, below, "k", halfDay("refreshed", now()))
	want(t, m, "k", "refreshed")
	below.gets = 0
	want(t, m, "k", "refreshed")
	if below.gets != 0 {
		t.Error("the entry from below is not stored in memory")
	}
	advance(12 * time.Hour)
	want(t, m, "k", "")
}

func TestEntryFromBelowIsStored(t *testing.T) {
	t.Parallel()
	m, below, _, now := tiers(t)
	put(t, below, "k", halfDay("v", now()))
	want(t, m, "k", "v")
	below.gets = 0
	want(t, m, "k", "v")
	if below.gets != 0 {
		t.Errorf("%d lookups in the store below", below.gets)
	}
}

func TestNewerEntryReturned(t *testing.T) {
	t.Parallel()
	m, below, advance, now := tiers(t)
	put(t, m, "k", halfDay("old", now()))
	advance(time.Hour)
	below.err = errors.New("disk full")
	if err := m.Put("k", halfDay("new", now())); !errors.Is(err, below.err) {
		t.Errorf("the error of the store below is %v", err)
	}
	advance(6 * time.Hour)
	want(t, m, "k", "new") // the store below still has the old one
	if err := below.Delete("k"); err != nil {
		t.Fatal(err)
	}
	want(t, m, "k", "new")
	advance(6 * time.Hour)
	want(t, m, "k", "")
}

func TestDeleteBelow(t *testing.T) {
	t.Parallel()
	m, below, _, now := tiers(t)
	put(t, m, "k", halfDay("v", now()))
	if err := m.Delete("k"); err != nil {
		t.Fatal(err)
	}
	want(t, m, "k", "")
	want(t, below, "k", "")
}

func TestInvalidEntryNotStored(t *testing.T) {
	t.Parallel()
	m, _, _, now := tiers(t)
	put(t, m, "k", halfDay("v", now()))
	_ = m.Put("k", halfDay("over", now().Add(-13*time.Hour)))
	want(t, m, "k", "")
	_ = m.Put("k", halfDay("from the future", now().Add(time.Hour)))
	want(t, m, "k", "")
}

func TestValueCopied(t *testing.T) {
	t.Parallel()
	m := Over(nil)
	value := []byte("v")
	put(t, m, "k", cache.Entry{Value: value, Fetched: time.Now(), Lifetime: time.Hour, Refresh: time.Hour})
	value[0] = 'x'
	e, _, err := m.Get("k")
	if err != nil || string(e.Value) != "v" {
		t.Fatalf("got %q, %v", e.Value, err)
	}
	e.Value[0] = 'x'
	want(t, m, "k", "v")
}

func TestWithoutStoreBelow(t *testing.T) {
	t.Parallel()
	m := Over(nil)
	want(t, m, "k", "")
	put(t, m, "k", halfDay("v", time.Now()))
	want(t, m, "k", "v")
	put(t, m, "k", halfDay("aging", time.Now().Add(-7*time.Hour)))
	want(t, m, "k", "aging")
	if err := m.Delete("k"); err != nil {
		t.Error(err)
	}
	want(t, m, "k", "")
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	m, _, _, now := tiers(t)
	var wg sync.WaitGroup
	for range 4 * runtime.NumCPU() {
		wg.Go(func() {
			for range 50 {
				_ = m.Put("k", halfDay("v", now()))
				if e, _, err := m.Get("k"); err != nil || string(e.Value) != "v" {
					t.Errorf("got %q, %v", e.Value, err)
				}
			}
		})
	}
	wg.Wait()
}

// A Cache works with a Tier as its Store.
func TestCacheOverTier(t *testing.T) {
	t.Parallel()
	m, _, _, now := tiers(t)
	c := &cache.Cache{Store: m, Clock: m.Clock, Disk: cache.Open(cache.Options{Dir: filepath.Join(t.TempDir(), "cache")})}
	calls := 0
	for range 3 {
		e, err := c.Do(t.Context(), "k", func(context.Context) (cache.Entry, error) {
			calls++
			return halfDay("v", now()), nil
		})
		if err != nil || string(e.Value) != "v" {
			t.Errorf("got %q, %v", e.Value, err)
		}
	}
	if calls != 1 {
		t.Errorf("%d fetches, want 1", calls)
	}
}

func BenchmarkHit(b *testing.B) {
	m := Over(nil)
	e := halfDay("", time.Now())
	e.Value = make([]byte, 2714)
	if err := m.Put("k", e); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := m.Get("k"); err != nil {
			b.Fatal(err)
		}
	}
}
