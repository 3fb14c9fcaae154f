package cache

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
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

func TestCallersShareFetch(t *testing.T) {
	t.Parallel()
	const callers = 50
	s := &mapStore{missed: make(chan string, 10*callers)}
	c := &Cache{Store: s}
	release := make(chan struct{})
	f := &fetcher{fn: func(context.Context) (Entry, error) {
		<-release
		return halfDay("v", time.Now()), nil
	}}
	var done sync.WaitGroup
	for range callers {
		done.Go(func() {
			e, err := c.Do(t.Context(), "k", f.fetch)
			if err != nil || string(e.Value) != "v" {
				t.Errorf("got %q, %v", e.Value, err)
				return
			}
			e.Value[0] = 'x' // each caller has a copy
		})
	}
	for misses := 0; misses < callers; { // until every caller has looked up the key
		if <-s.missed == "k" {
			misses++
		}
	}
	close(release)
	done.Wait()
	f.wantCalls(t, 1)
	if e, _, _ := s.Get("k"); string(e.Value) != "v" {
		t.Errorf("a caller changed the stored value: %q", e.Value)
	}
}

type contextKey struct{}

func TestFirstCallerCanceled(t *testing.T) {
	t.Parallel()
	s := &mapStore{missed: make(chan string, 100)}
	c := &Cache{Store: s}
	inside, release := make(chan context.Context, 1), make(chan struct{})
	f := &fetcher{fn: func(ctx context.Context) (Entry, error) {
		inside <- ctx
		select {
		case <-release:
			return halfDay("v", time.Now()), nil
		case <-ctx.Done():
			return Entry{}, ctx.Err()
		}
	}}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), contextKey{}, "value"))
	first := make(chan error)
	go func() {
		_, err := c.Do(ctx, "k", f.fetch)
		first <- err
	}()
	if got := (<-inside).Value(contextKey{}); got != "value" {
		t.Errorf("the fetch has not the values of the caller's context: %v", got)
	}
	second := make(chan error)
	go func() {
		_, err := c.Do(t.Context(), "k", f.fetch)
		second <- err
	}()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the first caller: %v", err)
	}
	close(release)
	if err := <-second; err != nil {
		t.Errorf("the second caller: %v", err)
	}
	f.wantCalls(t, 1)
}

// A caller that joins a fetch does not fail because of the first caller's deadline.
func TestDeadlineNotShared(t *testing.T) {
	t.Parallel()
	s := &mapStore{missed: make(chan string, 100)}
	c := &Cache{Store: s}
	expired := errors.New("the stage that took too long")
	var once sync.Once
	inside := make(chan struct{})
	f := &fetcher{}
	f.fn = func(ctx context.Context) (Entry, error) {
		if f.calls.Load() == 1 {
			once.Do(func() { close(inside) })
			<-ctx.Done()
			return Entry{}, expired
		}
		return halfDay("v", time.Now()), nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	first := make(chan error)
	go func() {
		_, err := c.Do(ctx, "k", f.fetch)
		first <- err
	}()
	<-inside
	wantDo(t, c, "k", f, "v")
	if err := <-first; !errors.Is(err, expired) {
		t.Errorf("the first caller: %v, want the error of the fetch", err)
	}
	f.wantCalls(t, 2)
}

func TestCanceledCallerDoesNotFetch(t *testing.T) {
	t.Parallel()
	c := &Cache{Store: &mapStore{}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Do(ctx, "k", returning("first").fetch); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	wantDo(t, c, "k", returning("second"), "second")
}

func TestUnsharedFailureNotStored(t *testing.T) {
	t.Parallel()
	c := withSharedFailures(&Cache{Disk: newDisk(t)})
	down := errors.New("my own deadline")
	if _, err := c.Do(t.Context(), "k", failing(down).fetch); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
	if f, ok := c.failure("k"); ok {
		t.Errorf("stored %+v", f)
	}
	shared := &sharedError{"no"}
	if _, err := c.Do(t.Context(), "k", failing(shared).fetch); !errors.Is(err, shared) {
		t.Errorf("got %v", err)
	}
	if _, ok := c.failure("k"); !ok {
		t.Error("a shared failure was not stored")
	}
}

func TestFetchIgnoresDeadline(t *testing.T) {
	t.Parallel()
	c := &Cache{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	stuck := make(chan struct{})
	defer close(stuck)
	_, err := c.Do(ctx, "k", func(context.Context) (Entry, error) {
		<-stuck
		return Entry{}, errors.New("late")
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestFetchHasDeadline(t *testing.T) {
	t.Parallel()
	c := &Cache{Disk: newDisk(t)}
	_, err := c.Do(t.Context(), "k", func(ctx context.Context) (Entry, error) {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > fetchTimeout {
			t.Errorf("deadline %v, %v", deadline, ok)
		}
		return halfDay("v", time.Now()), nil
	})
	if err != nil {
		t.Error(err)
	}
}

// If another process holds the lock and does not fetch, Do waits for two thirds of its time and
// then fetches without the lock.
func TestLockTimeout(t *testing.T) {
	t.Parallel()
	c := &Cache{Disk: newDisk(t)}
	lock, err := c.Disk.lockFile(lockName(entryLock, "k"))
	if err != nil {
		t.Fatal(err)
	}
	if locked, err := lock.TryLock(); !locked || err != nil {
		t.Fatal(locked, err)
	}
	defer lock.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var left time.Duration
	e, err := c.Do(ctx, "k", func(ctx context.Context) (Entry, error) {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		return halfDay("v", time.Now()), ctx.Err()
	})
	if err != nil || string(e.Value) != "v" {
		t.Errorf("got %q, %v", e.Value, err)
	}
	if left <= 0 || left > 3*time.Second*2/3 {
		t.Errorf("the fetch had %v left", left)
	}
	// A canceled caller does not wait.
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := c.Refresh(ctx, "k", returning("x").fetch); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestLockCanceled(t *testing.T) {
	t.Parallel()
	c := &Cache{Disk: newDisk(t)}
	unlock, err := c.Lock(t.Context(), "session")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	second, err := c.Lock(ctx, "session")
	second()
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("locked twice: %v", err)
	}
	unlock()
	third, err := c.Lock(t.Context(), "session")
	if err != nil {
		t.Error(err)
	}
	third()
}

// A fetch that holds its entry's lock can acquire a named lock: they never use the same file.
func TestEntryLocksAndNamedLocks(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i := range 2 * lockSlots {
		name := string(rune('a'+i%26)) + time.Duration(i).String()
		for _, kind := range []string{entryLock, namedLock} {
			seen[lockName(kind, name)] = true
		}
		if lockName(entryLock, name) == lockName(namedLock, name) {
			t.Fatalf("%q has the same file for both kinds", name)
		}
	}
	if n := len(seen); n > 2*lockSlots || n < lockSlots {
		t.Errorf("%d lock files", n)
	}
	c := &Cache{Disk: newDisk(t)}
	e, err := c.Do(t.Context(), "same", func(ctx context.Context) (Entry, error) {
		unlock, err := c.Lock(ctx, "same")
		defer unlock()
		return halfDay("v", time.Now()), err
	})
	if err != nil || string(e.Value) != "v" {
		t.Errorf("got %q, %v", e.Value, err)
	}
}

func TestDecodeFailure(t *testing.T) {
	t.Parallel()
	f, err := newFailure([]byte("text"), true)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := decodeFailure(f.encode()); !ok || got.generation != f.generation || !got.shared || !got.hold || string(got.data) != "text" {
		t.Errorf("%+v decodes to %+v, %v", f, got, ok)
	}
	if f, _ := newFailure(nil, true); f.shared || f.hold {
		t.Errorf("a failure without data is shared: %+v", f)
	}
	for _, b := range [][]byte{nil, {1}, make([]byte, 16)} {
		if f, ok := decodeFailure(b); ok {
			t.Errorf("%v decodes to %+v", b, f)
		}
	}
	// A failure that DecodeFailure rejects does not prevent a fetch.
	c := withSharedFailures(&Cache{Disk: newDisk(t)})
	_, _ = c.Do(t.Context(), "k", failing(&sharedError{"hold on"}).fetch)
	c.DecodeFailure = func([]byte) error { return nil }
	wantDo(t, c, "k", returning("v"), "v")
}

// A failed refresh stores a failure that is not shared. A process that waits and has no valid entry
// must fetch.
func TestFailedRefreshNotShared(t *testing.T) {
	t.Parallel()
	waiting := make(chan struct{}, 1)
	c := withSharedFailures(&Cache{Disk: newDisk(t), Log: slog.New(notify(waiting))})
	lock, err := c.Disk.lockFile(lockName(entryLock, "k"))
	if err != nil {
		t.Fatal(err)
	}
	if locked, err := lock.TryLock(); !locked || err != nil {
		t.Fatal(locked, err)
	}
	got := make(chan error)
	go func() {
		_, err := c.Do(t.Context(), "k", returning("v").fetch)
		got <- err
	}()
	<-waiting
	c.storeFailure("k", errors.New("timeout"), true)
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("got %v", err)
	}
}

// notify is a log handler that sends when the cache waits for another process.
type notify chan struct{}

func (notify) Enabled(context.Context, slog.Level) bool { return true }
func (n notify) Handle(_ context.Context, r slog.Record) error {
	if r.Message == msgWaiting {
		n <- struct{}{}
	}
	return nil
}
func (n notify) WithAttrs([]slog.Attr) slog.Handler { return n }
func (n notify) WithGroup(string) slog.Handler      { return n }

func TestSuccessRemovesFailure(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	c := withSharedFailures(&Cache{Disk: newDisk(t, at(h))})
	f := failing(&sharedError{"hold: no credentials"})
	for range 3 {
		if _, err := c.Do(t.Context(), "k", f.fetch); err == nil || err.Error() != "hold: no credentials" {
			t.Fatalf("got %v", err)
		}
	}
	f.wantCalls(t, 1)
	h.advance(failureLifetime)
	_, _ = c.Do(t.Context(), "k", f.fetch)
	f.wantCalls(t, 2)
	good := &fetcher{fn: func(context.Context) (Entry, error) { return halfDay("v", h.clock().now()), nil }}
	if e, err := c.Refresh(t.Context(), "k", good.fetch); err != nil || string(e.Value) != "v" {
		t.Fatalf("refreshed to %q, %v", e.Value, err)
	}
	if err := c.Disk.Delete("k"); err != nil {
		t.Fatal(err)
	}
	wantDo(t, c, "k", good, "v")
	if err := c.Delete("k"); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Do(t.Context(), "k", f.fetch)
	if err := c.Delete("k"); err != nil { // also deletes the failure
		t.Fatal(err)
	}
	wantDo(t, c, "k", good, "v")
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
