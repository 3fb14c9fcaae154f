package cache

import (
	"context"
	"errors"
	"testing"
	"time"
)

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
	// On a slow machine the rest of the time may be too short for the fetch: try again with more.
	for timeout := 300 * time.Millisecond; ; timeout *= 2 {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		var left time.Duration
		e, err := c.Do(ctx, "k", func(ctx context.Context) (Entry, error) {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			return halfDay("v", time.Now()), nil
		})
		if errors.Is(err, context.DeadlineExceeded) && timeout < testTimeout {
			continue
		}
		if err != nil || string(e.Value) != "v" {
			t.Errorf("got %q, %v", e.Value, err)
		}
		if left > timeout/3 {
			t.Errorf("the fetch had %v of %v left, so Do did not wait", left, timeout)
		}
		break
	}
	// A canceled caller does not wait.
	ctx, cancel := context.WithCancel(t.Context())
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
