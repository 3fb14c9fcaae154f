package cache

import (
	"context"
	"errors"
	"log/slog"
	"testing"
)

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
