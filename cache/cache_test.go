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

// fetcher is a fetch that counts and answers as it is told.
type fetcher struct {
	calls  atomic.Int32
	answer func(ctx context.Context) (Entry, error)
}

func (f *fetcher) fetch(ctx context.Context) (Entry, error) {
	f.calls.Add(1)
	return f.answer(ctx)
}

func (f *fetcher) wantCalls(t testing.TB, n int32) {
	t.Helper()
	if got := f.calls.Load(); got != n {
		t.Errorf("%d fetches, want %d", got, n)
	}
}

func answering(value string) *fetcher {
	return &fetcher{answer: func(context.Context) (Entry, error) { return halfDay(value, time.Now()), nil }}
}

func failing(err error) *fetcher {
	return &fetcher{answer: func(context.Context) (Entry, error) { return Entry{}, err }}
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
	h := newHandClock()
	c := &Cache{Disk: newDisk(t, at(h))}
	f := &fetcher{answer: func(context.Context) (Entry, error) { return halfDay("one", h.clock().now()), nil }}
	wantDo(t, c, "k", f, "one")
	wantDo(t, c, "k", f, "one")
	f.wantCalls(t, 1)
	if e, s, err := c.Lookup("k"); s != Fresh || err != nil || string(e.Value) != "one" {
		t.Errorf("lookup: %q, %v, %v", e.Value, s, err)
	}
	h.pass(6 * time.Hour)
	if _, s, err := c.Lookup("k"); s != Aging || err != nil {
		t.Errorf("lookup: %v, %v", s, err)
	}
	f.answer = func(context.Context) (Entry, error) { return halfDay("two", h.clock().now()), nil }
	wantDo(t, c, "k", f, "two")
	f.wantCalls(t, 2)
	h.pass(12 * time.Hour)
	var m *Miss
	if _, s, err := c.Lookup("k"); s != Expired || !errors.As(err, &m) || m.Reason != "expired" {
		t.Errorf("lookup: %v, %v", s, err)
	}
	down := errors.New("down")
	if e, err := c.Do(t.Context(), "k", failing(down).fetch); !errors.Is(err, down) {
		t.Errorf("expired and down: served %q, %v", e.Value, err)
	}
	if _, s, _ := c.Lookup("never"); s != Absent {
		t.Errorf("lookup of nothing: %v", s)
	}
}

// An aging entry, nobody answers, and somebody asks every second for a minute.
func TestOutageWhileAging(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	c := &Cache{Disk: newDisk(t, at(h))}
	mustPut(t, c.Disk, "k", halfDay("old", h.wall))
	h.pass(7 * time.Hour)
	f := failing(errors.New("connection refused")) // cannot be shared, and holds off all the same
	for range 60 {
		wantDo(t, c, "k", f, "old")
		h.pass(time.Second)
	}
	if n := f.calls.Load(); n < 1 || n > 2 {
		t.Errorf("%d attempts in a minute, want 1 or 2", n)
	}
	h.pass(time.Minute)
	wantDo(t, c, "k", answering("new"), "new")
}

// Another process finished its refresh between our look and our lock.
func TestRefreshThatComesSecond(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	c := &Cache{Disk: newDisk(t, at(h))}
	old := halfDay("old", h.wall.Add(-7*time.Hour))
	mustPut(t, c.Disk, "k", halfDay("theirs", h.wall))
	f := answering("ours")
	if e, err := c.refreshAging(t.Context(), "k", old, f.fetch); err != nil || string(e.Value) != "theirs" {
		t.Errorf("got %q, %v", e.Value, err)
	}
	f.wantCalls(t, 0)
}

func TestRefreshHasAShortBudget(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	c := &Cache{Disk: newDisk(t, at(h))}
	mustPut(t, c.Disk, "k", halfDay("old", h.wall))
	h.pass(7 * time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	_, err := c.Do(ctx, "k", func(ctx context.Context) (Entry, error) {
		deadline, ok := ctx.Deadline()
		if left := time.Until(deadline); !ok || left > refreshTimeout {
			t.Errorf("the refresh has %v", left)
		}
		return Entry{}, errors.New("slow")
	})
	if err != nil {
		t.Error(err)
	}
}

// The entry runs out while its refresh fails: it must not be served after all.
func TestAgingEntryThatExpiresMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	c := &Cache{Disk: newDisk(t, at(h))}
	mustPut(t, c.Disk, "k", halfDay("old", h.wall))
	h.pass(12*time.Hour - time.Second)
	down := errors.New("down")
	e, err := c.Do(t.Context(), "k", func(context.Context) (Entry, error) {
		h.pass(2 * time.Second)
		return Entry{}, down
	})
	if !errors.Is(err, down) {
		t.Errorf("served %q, %v", e.Value, err)
	}
}

func TestEntryWithoutALifeIsReturnedAndNotKept(t *testing.T) {
	t.Parallel()
	c := &Cache{Disk: newDisk(t)}
	f := &fetcher{answer: func(context.Context) (Entry, error) {
		return Entry{Value: []byte("once"), Fetched: time.Now(), Lifetime: -time.Hour}, nil
	}}
	wantDo(t, c, "k", f, "once")
	wantDo(t, c, "k", f, "once")
	f.wantCalls(t, 2)
}

func TestCacheWithoutAnything(t *testing.T) {
	t.Parallel()
	c := &Cache{}
	wantDo(t, c, "k", answering("v"), "v")
	if err := c.Delete("k"); err != nil {
		t.Error(err)
	}
	unlock, err := c.Lock(t.Context(), "name")
	if err != nil {
		t.Error(err)
	}
	unlock()
}

// No folder, a folder that cannot be written, locks that are no files: every
// caller has an answer.
func TestAnswersWithoutADisk(t *testing.T) {
	t.Parallel()
	for why, dir := range map[string]func(t *testing.T) string{
		"below a file": func(*testing.T) string { return filepath.Join(os.DevNull, "cache") },
		"open to all": func(t *testing.T) string {
			dir := t.TempDir()
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			return dir
		},
		"the folder of locks is a file": func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "cache")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, locksDir), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return dir
		},
		"the lock is a folder": func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "cache")
			for _, name := range []string{lockName(entryLock, "k"), lockName(namedLock, "name")} {
				if err := os.MkdirAll(filepath.Join(dir, locksDir, name), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			return dir
		},
		"the folder of entries is a file": func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "cache")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, entriesDir), []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			return dir
		},
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			dir := dir(t)
			c := &Cache{Disk: newDisk(t, func(o *Options) { o.Dir = dir })}
			wantDo(t, c, "k", answering("v"), "v")
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

// mapStore is a store without files and locks that tells when it is asked.
type mapStore struct {
	mu      sync.Mutex
	entries map[string]Entry
	asked   chan string // each Get that missed sends its key; nil: no
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
	if s.asked != nil {
		s.asked <- key
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

func TestCallersInOneProcessShareAFetch(t *testing.T) {
	t.Parallel()
	const callers = 50
	s := &mapStore{asked: make(chan string, 10*callers)}
	c := &Cache{Store: s}
	release := make(chan struct{})
	f := &fetcher{answer: func(context.Context) (Entry, error) {
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
			e.Value[0] = 'x' // each has its own
		})
	}
	for looked := 0; looked < callers; { // every caller has looked, and found nothing
		if <-s.asked == "k" {
			looked++
		}
	}
	close(release)
	done.Wait()
	f.wantCalls(t, 1)
	if e, _, _ := s.Get("k"); string(e.Value) != "v" {
		t.Errorf("a caller changed what is kept: %q", e.Value)
	}
}

type contextKey struct{}

func TestLeaderInOneProcessLeaves(t *testing.T) {
	t.Parallel()
	s := &mapStore{asked: make(chan string, 100)}
	c := &Cache{Store: s}
	inside, release := make(chan context.Context, 1), make(chan struct{})
	f := &fetcher{answer: func(ctx context.Context) (Entry, error) {
		inside <- ctx
		select {
		case <-release:
			return halfDay("v", time.Now()), nil
		case <-ctx.Done():
			return Entry{}, ctx.Err()
		}
	}}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), contextKey{}, "value"))
	left := make(chan error)
	go func() {
		_, err := c.Do(ctx, "k", f.fetch)
		left <- err
	}()
	if got := (<-inside).Value(contextKey{}); got != "value" {
		t.Errorf("the fetch does not see the caller's values: %v", got)
	}
	follower := make(chan error)
	go func() {
		_, err := c.Do(t.Context(), "k", f.fetch)
		follower <- err
	}()
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the leader: %v", err)
	}
	close(release)
	if err := <-follower; err != nil {
		t.Errorf("the follower: %v", err)
	}
	f.wantCalls(t, 1)
}

// A follower with time left does not take the leader's deadline for its own.
func TestLeadersDeadlineIsItsOwn(t *testing.T) {
	t.Parallel()
	s := &mapStore{asked: make(chan string, 100)}
	c := &Cache{Store: s}
	expired := errors.New("the stage that used the time up")
	var once sync.Once
	inside := make(chan struct{})
	f := &fetcher{}
	f.answer = func(ctx context.Context) (Entry, error) {
		if f.calls.Load() == 1 {
			once.Do(func() { close(inside) })
			<-ctx.Done()
			return Entry{}, expired
		}
		return halfDay("v", time.Now()), nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	leader := make(chan error)
	go func() {
		_, err := c.Do(ctx, "k", f.fetch)
		leader <- err
	}()
	<-inside
	wantDo(t, c, "k", f, "v")
	if err := <-leader; !errors.Is(err, expired) {
		t.Errorf("the leader hears %v, not what used its time up", err)
	}
	f.wantCalls(t, 2)
}

func TestCallerThatIsLateStartsNothing(t *testing.T) {
	t.Parallel()
	c := &Cache{Store: &mapStore{}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Do(ctx, "k", answering("first").fetch); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	wantDo(t, c, "k", answering("second"), "second")
}

func TestFailureThatIsNotSharedLeavesNoMark(t *testing.T) {
	t.Parallel()
	c := tellRefusals(&Cache{Disk: newDisk(t)})
	down := errors.New("my own deadline")
	if _, err := c.Do(t.Context(), "k", failing(down).fetch); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
	if f, ok := c.failure("k"); ok {
		t.Errorf("left %+v", f)
	}
	refused := &refusal{"no"}
	if _, err := c.Do(t.Context(), "k", failing(refused).fetch); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if _, ok := c.failure("k"); !ok {
		t.Error("a refusal left no mark")
	}
}

func TestFetchThatIgnoresItsDeadline(t *testing.T) {
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

func TestFetchWithoutADeadlineHasOne(t *testing.T) {
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

// Somebody holds the lock and neither fetches nor ends. Two thirds of the time
// pass, then the caller fetches by itself.
func TestHolderThatHangs(t *testing.T) {
	t.Parallel()
	c := &Cache{Disk: newDisk(t)}
	lock, err := c.Disk.lockFile(lockName(entryLock, "k"))
	if err != nil {
		t.Fatal(err)
	}
	if held, err := lock.TryLock(); !held || err != nil {
		t.Fatal(held, err)
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
		t.Errorf("%v were left for the fetch", left)
	}
	// And one whose patience ends before that.
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := c.Refresh(ctx, "k", answering("x").fetch); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestLockEndsWithItsContext(t *testing.T) {
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

// A fetch that holds its entry's lock takes the lock of a session: never the
// same file, whatever the names.
func TestLocksOfDifferentKindsDoNotMeet(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i := range 2 * lockSlots {
		name := string(rune('a'+i%26)) + time.Duration(i).String()
		for _, kind := range []string{entryLock, namedLock} {
			seen[lockName(kind, name)] = true
		}
		if lockName(entryLock, name) == lockName(namedLock, name) {
			t.Fatalf("%q has one lock for both", name)
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

func TestFailuresAreDecodedWithCare(t *testing.T) {
	t.Parallel()
	f, err := newFailure([]byte("text"), true)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := decodeFailure(f.encode()); !ok || got.generation != f.generation || !got.shared || !got.hold || string(got.data) != "text" {
		t.Errorf("%+v became %+v, %v", f, got, ok)
	}
	if silent, _ := newFailure(nil, true); silent.shared || silent.hold {
		t.Errorf("nothing to tell, and %+v", silent)
	}
	for _, b := range [][]byte{nil, {1}, make([]byte, 16)} {
		if f, ok := decodeFailure(b); ok {
			t.Errorf("%v became %+v", b, f)
		}
	}
	// One that cannot be told any more is no reason not to try.
	c := tellRefusals(&Cache{Disk: newDisk(t)})
	_, _ = c.Do(t.Context(), "k", failing(&refusal{"hold on"}).fetch)
	c.DecodeFailure = func([]byte) error { return nil }
	wantDo(t, c, "k", answering("v"), "v")
}

// A failed refresh leaves a mark that is not for those who wait: they have
// nothing to serve and must try.
func TestMarkOfAFailedRefreshIsNotShared(t *testing.T) {
	t.Parallel()
	waiting := make(chan struct{}, 1)
	c := tellRefusals(&Cache{Disk: newDisk(t), Log: slog.New(notify(waiting))})
	lock, err := c.Disk.lockFile(lockName(entryLock, "k"))
	if err != nil {
		t.Fatal(err)
	}
	if held, err := lock.TryLock(); !held || err != nil {
		t.Fatal(held, err)
	}
	got := make(chan error)
	go func() {
		_, err := c.Do(t.Context(), "k", answering("v").fetch)
		got <- err
	}()
	<-waiting
	c.storeFailure("k", errors.New("out of its budget"), true)
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("got %v", err)
	}
}

// notify is a log that sends when the cache waits for another process.
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

func TestSuccessEndsAHeldRefusal(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	c := tellRefusals(&Cache{Disk: newDisk(t, at(h))})
	f := failing(&refusal{"hold: no credentials"})
	for range 3 {
		if _, err := c.Do(t.Context(), "k", f.fetch); err == nil || err.Error() != "hold: no credentials" {
			t.Fatalf("got %v", err)
		}
	}
	f.wantCalls(t, 1)
	h.pass(failureLifetime)
	_, _ = c.Do(t.Context(), "k", f.fetch)
	f.wantCalls(t, 2)
	good := &fetcher{answer: func(context.Context) (Entry, error) { return halfDay("v", h.clock().now()), nil }}
	if e, err := c.Refresh(t.Context(), "k", good.fetch); err != nil || string(e.Value) != "v" {
		t.Fatalf("renewed to %q, %v", e.Value, err)
	}
	if err := c.Disk.Delete("k"); err != nil {
		t.Fatal(err)
	}
	wantDo(t, c, "k", good, "v")
	if err := c.Delete("k"); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Do(t.Context(), "k", f.fetch)
	if err := c.Delete("k"); err != nil { // forgets the refusal too
		t.Fatal(err)
	}
	wantDo(t, c, "k", good, "v")
}

func TestBrokenStoreIsAMiss(t *testing.T) {
	t.Parallel()
	c := &Cache{Store: brokenStore{}}
	wantDo(t, c, "k", answering("v"), "v")
	if _, s, err := c.Lookup("k"); s != Absent || err == nil {
		t.Errorf("lookup: %v, %v", s, err)
	}
	if err := c.Delete("k"); err == nil {
		t.Error("the error of Delete is lost")
	}
}

type brokenStore struct{}

var errBroken = errors.New("broken")

func (brokenStore) Get(string) (Entry, State, error) { return Entry{}, Absent, errBroken }
func (brokenStore) Put(string, Entry) error          { return errBroken }
func (brokenStore) Delete(string) error              { return errBroken }
