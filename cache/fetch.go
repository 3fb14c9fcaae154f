package cache

import (
	"context"
	"errors"
	"time"
)

// lockTimeout returns how long to wait for another process that fetches. The rest of the time is
// left for a fetch by this process.
func lockTimeout(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline() // set by Cache.share
	return time.Until(deadline) * 2 / 3
}

// msgWaiting is logged once by each process that has to wait.
const msgWaiting = "waiting for another process to fetch"

var errLockTimeout = errors.New("timeout while waiting for the lock")

// lockEntry acquires the key's lock. It calls look after each attempt, and stops waiting as soon as
// look returns true; done reports that. If it cannot get the lock in time, it returns without the
// lock and without an error. unlock is never nil.
func (c *Cache) lockEntry(ctx context.Context, key string, look func() bool) (unlock func(), done bool, err error) {
	unlock = func() {}
	lock, err := c.Disk.lockFile(lockName(entryLock, key))
	if err != nil {
		return unlock, look(), nil
	}
	wait, cancel := context.WithTimeoutCause(ctx, lockTimeout(ctx), errLockTimeout)
	defer cancel()
	waiting, start := false, time.Now()
	defer func() { c.debug("lock", "key", key, "waited", waiting, "done", done, "took", time.Since(start)) }()
	_, err = poll(wait, func() (bool, error) {
		locked, err := lock.TryLock()
		if err != nil {
			return false, err
		}
		if locked {
			unlock = func() { c.unlock(lock) }
		}
		// Look without the lock too. Otherwise the waiting processes would get the lock one after
		// the other.
		done = look()
		if !locked && !done && !waiting {
			waiting = true
			c.debug(msgWaiting, "key", key)
		}
		return locked || done, nil
	})
	switch {
	case err == nil:
		return unlock, done, nil
	case ctx.Err() != nil:
		return unlock, false, ctx.Err()
	}
	c.debug("continuing without the lock", "key", key, "reason", context.Cause(wait), "error", err)
	return unlock, look(), nil
}

// fetchLocked implements Do if there is no valid entry.
func (c *Cache) fetchLocked(ctx context.Context, key string, fetch func(context.Context) (Entry, error)) (Entry, error) {
	before, failed := c.failure(key)
	if failed && before.hold {
		if err := c.decode(before); err != nil {
			return Entry{}, err
		}
	}
	var found Entry
	var failure error
	unlock, done, err := c.lockEntry(ctx, key, func() bool {
		e, _, err := c.Lookup(key)
		if err == nil {
			found = e
			return true
		}
		if f, ok := c.failure(key); ok && f.shared && f.generation != before.generation {
			failure = c.decode(f)
		}
		return failure != nil
	})
	defer unlock()
	if err != nil {
		return Entry{}, err
	}
	if done {
		return found, failure
	}
	e, err := fetch(ctx)
	if err != nil {
		c.storeFailure(key, err, false)
		return Entry{}, err
	}
	return c.fetched(key, e), nil
}

// refreshLocked implements Refresh.
func (c *Cache) refreshLocked(ctx context.Context, key string, fetch func(context.Context) (Entry, error)) (Entry, error) {
	before, _, missed := c.Lookup(key)
	var found Entry
	unlock, done, err := c.lockEntry(ctx, key, func() bool {
		e, _, err := c.Lookup(key)
		if err != nil || missed == nil && e.Fetched.Equal(before.Fetched) {
			return false
		}
		found = e
		return true
	})
	defer unlock()
	if err != nil {
		return Entry{}, err
	}
	if done {
		return found, nil
	}
	e, err := fetch(ctx)
	if err != nil {
		return Entry{}, err
	}
	e = c.fetched(key, e)
	_ = c.store().Delete(failurePrefix + key)
	return e, nil
}

// refreshAging returns the aging entry e or its replacement. It fails only if e expires meanwhile.
func (c *Cache) refreshAging(ctx context.Context, key string, e Entry, fetch func(context.Context) (Entry, error)) (Entry, error) {
	if _, busy := c.refreshing.LoadOrStore(key, true); busy {
		return e, nil
	}
	defer c.refreshing.Delete(key)
	if lock, err := c.Disk.lockFile(lockName(entryLock, key)); err == nil {
		locked, err := lock.TryLock()
		if err == nil && !locked {
			c.debug("another process refreshes the entry", "key", key)
			return e, nil
		}
		if locked {
			defer c.unlock(lock)
		}
		// Another process may have refreshed it between the lookup and the lock.
		if current, state, err := c.Lookup(key); err == nil {
			if state == Fresh {
				return current, nil
			}
			e = current
		}
	}
	if _, failed := c.failure(key); failed {
		c.debug("not refreshed: the last refresh failed less than a minute ago", "key", key)
		return e, nil
	}
	limited, cancel := context.WithTimeout(context.WithValue(ctx, refreshKey{}, true), refreshTimeout)
	defer cancel()
	fetched, err := fetch(limited)
	if err == nil {
		return c.fetched(key, fetched), nil
	}
	c.debug("aging entry not refreshed", "key", key, "reason", err)
	if !errors.Is(ctx.Err(), context.Canceled) {
		c.storeFailure(key, err, true)
	}
	if _, missed := c.clock().State(e); missed != nil {
		return Entry{}, err
	}
	return e, nil
}

// refreshKey is the context key that marks the refresh of an aging entry.
type refreshKey struct{}

// IsRefresh reports whether ctx is the context of a fetch that refreshes an aging entry. If such a
// fetch fails, Do returns the aging entry. It should therefore not repeat calls that fail.
func IsRefresh(ctx context.Context) bool { return ctx.Value(refreshKey{}) != nil }
