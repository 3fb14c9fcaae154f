package cache

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// A Cache combines a [Store] with file locks, so that one process fetches a value that many
// processes need. Set the fields before the first use, and do not copy it.
type Cache struct {
	// Disk provides the locks, and the Store if Store is nil. Without a Disk there are no locks.
	Disk *Disk

	// Store stores the entries, for example memory.Over(disk); nil means Disk.
	Store Store

	// EncodeFailure returns the data by which the error of a fetch is shared with the processes
	// that wait for it; nil data if it must not be shared, for example because the caller's
	// deadline passed. If hold is true, processes that start within the next minute also return the
	// error. A nil function shares nothing.
	EncodeFailure func(error) (data []byte, hold bool)

	// DecodeFailure is the inverse of EncodeFailure. If it returns nil, the failure is ignored. A
	// nil function ignores all failures.
	DecodeFailure func(data []byte) error

	// Clock measures the age of entries; the zero value means the clock of Disk.
	Clock Clock

	// Log receives debug messages; nil logs nothing.
	Log *slog.Logger

	fetches    group
	refreshing sync.Map // keys that this process refreshes
}

const (
	// refreshTimeout limits how long the refresh of an aging entry delays its caller. The entry is
	// still valid.
	refreshTimeout = 5 * time.Second

	// fetchTimeout ends a fetch whose first caller has no deadline. The kubelet, the most patient
	// client known, kills its plugin after a minute.
	fetchTimeout = time.Minute

	// maxGrace is how long a caller waits at most for the fetch after its deadline. The fetch has
	// the same deadline, and its error says what took so long.
	maxGrace = 250 * time.Millisecond

	// graceShare is the part of its time that a caller with little time waits at most: after 300 ms
	// it returns within 350 ms, even if the fetch ignores its context.
	graceShare = 6
)

func (c *Cache) store() Store {
	switch {
	case c.Store != nil:
		return c.Store
	case c.Disk != nil:
		return c.Disk
	}
	return emptyStore{}
}

func (c *Cache) clock() Clock {
	if c.Disk != nil && c.Clock.Now == nil && c.Clock.Boot == nil {
		return c.Disk.options.Clock
	}
	return c.Clock
}

// emptyStore is the Store of a Cache without a Store and a Disk.
type emptyStore struct{}

func (emptyStore) Get(string) (Entry, State, error) { return Entry{}, Absent, miss(errAbsent.Error()) }
func (emptyStore) Put(string, Entry) error          { return nil }
func (emptyStore) Delete(string) error              { return nil }

func (c *Cache) debug(msg string, args ...any) {
	if c.Log != nil {
		c.Log.Debug(msg, args...)
	}
}

// Lookup returns the entry of key and its state. It neither fetches nor waits. The error is a
// *[Miss] unless the entry is fresh or aging.
func (c *Cache) Lookup(key string) (Entry, State, error) {
	e, state, err := c.store().Get(key)
	if err == nil {
		return e, state, nil
	}
	if _, ok := err.(*Miss); !ok {
		return Entry{}, Absent, miss(err.Error())
	}
	return Entry{}, state, err
}

// Put stores e under key. An entry that Do or Refresh fetched is stored already.
func (c *Cache) Put(key string, e Entry) error { return c.store().Put(key, c.clock().Stamp(e)) }

// Delete removes the entry of key and the stored failure of its last fetch.
func (c *Cache) Delete(key string) error {
	return errors.Join(c.store().Delete(key), c.store().Delete(failurePrefix+key))
}

// Do returns the entry of key. It calls fetch if there is no valid entry.
//
// A fresh entry is returned as it is. An aging entry is refreshed by one process, which spends at
// most 5 seconds on it. The other processes return the aging entry at once, and so does the one
// whose refresh fails. After a failure there is no further refresh for a minute. If there is no
// valid entry, one process fetches, under the key's lock. The others wait for it for two thirds of
// the time that ctx leaves, then each of them fetches. If the fetch fails while they wait, they
// return the same error, if EncodeFailure allows it.
//
// Callers in one process share a fetch. It has the values and the deadline of the first caller's
// ctx (one minute if that has none), but it is not cancelled with it. Each caller waits as long as
// its own ctx allows.
//
// The error is that of fetch, of DecodeFailure or of ctx, never one of the cache itself. An entry
// without a Lifetime is returned but not stored.
func (c *Cache) Do(ctx context.Context, key string, fetch func(context.Context) (Entry, error)) (Entry, error) {
	start := time.Now()
	e, state, err := c.Lookup(key)
	switch state {
	case Fresh:
		c.debug("found in the cache", "key", key, "state", state, "took", time.Since(start))
		return e, nil
	case Aging:
		c.debug("found in the cache, to be refreshed", "key", key, "state", state, "took", time.Since(start))
		return c.refreshAging(ctx, key, e, fetch)
	}
	c.debug("fetching", "key", key, "state", state, "reason", err, "took", time.Since(start))
	return c.share(ctx, "do|"+key, func(ctx context.Context) (Entry, error) {
		return c.fetchLocked(ctx, key, fetch)
	})
}

// Refresh is like Do, but it fetches even if the stored entry is fresh. If it fails, the stored
// entry remains. If another process stores a new entry meanwhile, it returns that one.
func (c *Cache) Refresh(ctx context.Context, key string, fetch func(context.Context) (Entry, error)) (Entry, error) {
	return c.share(ctx, "refresh|"+key, func(ctx context.Context) (Entry, error) {
		return c.refreshLocked(ctx, key, fetch)
	})
}

// share runs fn once for all callers in this process that use the same name.
func (c *Cache) share(ctx context.Context, name string, fn func(context.Context) (Entry, error)) (Entry, error) {
	grace := maxGrace
	if deadline, ok := ctx.Deadline(); ok {
		grace = min(maxGrace, time.Until(deadline)/graceShare)
	}
	for ctx.Err() == nil {
		f, started := c.fetches.join(name, func() (Entry, error, bool) {
			deadline, ok := ctx.Deadline()
			if !ok {
				deadline = time.Now().Add(fetchTimeout)
			}
			ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
			defer cancel()
			e, err := fn(ctx)
			return e, err, ctx.Err() != nil
		})
		if !wait(ctx, f.done, grace) {
			break
		}
		if f.err != nil && f.timedOut && !started {
			continue // the deadline was that of another caller
		}
		e := f.entry
		e.Value = bytes.Clone(e.Value)
		return e, f.err
	}
	return Entry{}, ctx.Err()
}

// wait waits for done until ctx ends, and for the grace period after its deadline. It reports
// whether done is closed.
func wait(ctx context.Context, done <-chan struct{}, grace time.Duration) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-done:
			return true
		case <-timer.C:
		}
	}
	return false
}

// fetched stores a fetched entry and returns it. Errors of the store are only logged.
func (c *Cache) fetched(key string, e Entry) Entry {
	start := time.Now()
	e = c.clock().Stamp(e)
	if err := c.store().Put(key, e); err != nil {
		c.debug("entry not stored", "key", key, "reason", err, "took", time.Since(start))
	} else {
		c.debug("entry stored", "key", key, "took", time.Since(start))
	}
	return e
}
