package cache

import (
	"context"
	"errors"
	"time"

	"github.com/gofrs/flock"
)

// patience is how long to wait for another process that fetches: the rest of
// the time is kept for a fetch of our own.
func patience(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline() // share has set one
	return time.Until(deadline) * 2 / 3
}

// msgWaiting is logged once by each process that has to wait.
const msgWaiting = "waiting for another process to fetch"

// errWaited ends the wait for a lock.
var errWaited = errors.New("waited long enough")

// underLock tries for the key's lock, and calls look after each try, until the
// lock is held, look is satisfied, or there is no use in waiting longer. unlock
// is never nil. done says that look was satisfied, which it may be without the
// lock; where neither is so, the caller goes on all the same.
func (c *Cache) underLock(ctx context.Context, key string, look func() bool) (unlock func(), done bool, err error) {
	unlock = func() {}
	lock, err := c.Disk.lockFile(lockName(entryLock, key))
	if err != nil {
		return unlock, look(), nil
	}
	wait, cancel := context.WithTimeoutCause(ctx, patience(ctx), errWaited)
	defer cancel()
	waiting, start := false, time.Now()
	defer func() { c.debug("lock", "key", key, "waited", waiting, "done", done, "took", time.Since(start)) }()
	_, err = poll(wait, func() (bool, error) {
		held, err := lock.TryLock()
		if err != nil {
			return false, err
		}
		if held {
			unlock = func() { c.unlock(lock) }
		}
		done = look() // also those who still wait: else they would queue for the lock one by one
		if !held && !done && !waiting {
			waiting = true
			c.debug(msgWaiting, "key", key)
		}
		return held || done, nil
	})
	switch {
	case err == nil:
		return unlock, done, nil
	case ctx.Err() != nil:
		return unlock, false, ctx.Err()
	}
	c.debug("going on without the lock", "key", key, "reason", context.Cause(wait), "error", err)
	return unlock, look(), nil
}

func (c *Cache) unlock(lock *flock.Flock) {
	if err := lock.Unlock(); err != nil {
		c.debug("lock not freed", "reason", err)
	}
}

// fetchLocked is Do's work when there is nothing to serve.
func (c *Cache) fetchLocked(ctx context.Context, key string, fetch func(context.Context) (Entry, error)) (Entry, error) {
	before, failed := c.failure(key)
	if failed && before.hold {
		if err := c.told(before); err != nil {
			return Entry{}, err
		}
	}
	var served Entry
	var refusal error
	unlock, done, err := c.underLock(ctx, key, func() bool {
		e, _, err := c.Lookup(key)
		if err == nil {
			served = e
			return true
		}
		if f, ok := c.failure(key); ok && f.shared && f.generation != before.generation {
			refusal = c.told(f)
		}
		return refusal != nil
	})
	defer unlock()
	if err != nil {
		return Entry{}, err
	}
	if done {
		return served, refusal
	}
	e, err := fetch(ctx)
	if err != nil {
		c.remember(key, err, false)
		return Entry{}, err
	}
	e = c.clock().Stamp(e)
	c.keep(key, e)
	return e, nil
}

// renewLocked is Renew's work.
func (c *Cache) renewLocked(ctx context.Context, key string, fetch func(context.Context) (Entry, error)) (Entry, error) {
	before, _, missed := c.Lookup(key)
	var served Entry
	unlock, done, err := c.underLock(ctx, key, func() bool {
		e, _, err := c.Lookup(key)
		if err != nil || missed == nil && e.Fetched.Equal(before.Fetched) {
			return false
		}
		served = e
		return true
	})
	defer unlock()
	if err != nil {
		return Entry{}, err
	}
	if done {
		return served, nil
	}
	e, err := fetch(ctx)
	if err != nil {
		return Entry{}, err
	}
	e = c.clock().Stamp(e)
	c.keep(key, e)
	_ = c.store().Delete(failurePrefix + key)
	return e, nil
}

// refresh returns e, which is aging, or what replaces it. It fails only when e
// expires meanwhile.
func (c *Cache) refresh(ctx context.Context, key string, e Entry, fetch func(context.Context) (Entry, error)) (Entry, error) {
	if _, busy := c.refreshing.LoadOrStore(key, true); busy {
		return e, nil
	}
	defer c.refreshing.Delete(key)
	if lock, err := c.Disk.lockFile(lockName(entryLock, key)); err == nil {
		held, err := lock.TryLock()
		if err == nil && !held {
			c.debug("another process renews it", "key", key)
			return e, nil
		}
		if held {
			defer c.unlock(lock)
		}
		// It may have finished between our look and our lock.
		if now, state, err := c.Lookup(key); err == nil {
			if state == Fresh {
				return now, nil
			}
			e = now
		}
	}
	if _, failed := c.failure(key); failed {
		c.debug("not renewed: that failed within the last minute", "key", key)
		return e, nil
	}
	budget, cancel := context.WithTimeout(ctx, refreshBudget)
	defer cancel()
	fetched, err := fetch(budget)
	if err != nil {
		c.debug("aging entry not refreshed", "key", key, "reason", err)
		if !errors.Is(ctx.Err(), context.Canceled) {
			c.remember(key, err, true)
		}
		if _, gone := c.clock().State(e); gone != nil {
			return Entry{}, err
		}
		return e, nil
	}
	fetched = c.clock().Stamp(fetched)
	c.keep(key, fetched)
	return fetched, nil
}
