package cache

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// A Cache joins a [Store] with the disk's locks, so that one process fetches
// what many want. Set the fields before the first use, and do not copy it.
type Cache struct {
	// Disk has the locks, and is the store when Store is nil. nil: no locks.
	Disk *Disk

	// Store keeps the entries, for example memory.Over(disk); nil means Disk.
	Store Store

	// EncodeFailure says what of a failed fetch to share with those who wait
	// for it in other processes: nil data for what is not theirs, such as
	// the caller's own deadline. hold keeps also those who come later from
	// trying, for a minute. nil shares nothing.
	EncodeFailure func(error) (data []byte, hold bool)

	// DecodeFailure is its inverse; nil shares nothing.
	DecodeFailure func(data []byte) error

	// Clock is the Disk's when it is not set.
	Clock Clock

	// Log hears what the cache did; nil is silent.
	Log *slog.Logger

	flights    flights
	refreshing sync.Map // keys whose refresh is under way in this process
}

const (
	// refreshBudget is what the one that refreshes an aging entry may make
	// its caller wait: the entry is still good.
	refreshBudget = 5 * time.Second

	// fetchLimit ends a fetch whose caller set no deadline. The kubelet, the
	// most patient client known, kills a plugin after a minute.
	fetchLimit = time.Minute

	// lastWords is how long a caller whose time is up listens for the fetch,
	// whose time is up too and which can tell what used it.
	lastWords = 250 * time.Millisecond
)

func (c *Cache) store() Store {
	switch {
	case c.Store != nil:
		return c.Store
	case c.Disk != nil:
		return c.Disk
	}
	return nowhere{}
}

func (c *Cache) clock() Clock {
	if c.Disk != nil && c.Clock.Now == nil && c.Clock.Boot == nil {
		return c.Disk.options.Clock
	}
	return c.Clock
}

// nowhere is the store of a Cache that was given none.
type nowhere struct{}

func (nowhere) Get(string) (Entry, error) { return Entry{}, miss(errAbsent.Error()) }
func (nowhere) Put(string, Entry) error   { return nil }
func (nowhere) Delete(string) error       { return nil }

func (c *Cache) debug(msg string, args ...any) {
	if c.Log != nil {
		c.Log.Debug(msg, args...)
	}
}

// Lookup returns what is kept under key and what may be done with it. It asks
// nobody and waits for nobody. The error is a *[Miss] unless the entry is fresh
// or aging.
func (c *Cache) Lookup(key string) (Entry, State, error) {
	e, err := c.store().Get(key)
	if err != nil {
		if m, ok := err.(*Miss); ok {
			return Entry{}, m.State, err
		}
		return Entry{}, Absent, miss(err.Error())
	}
	state, err := c.clock().State(e)
	if err != nil {
		return Entry{}, state, err
	}
	return e, state, nil
}

// Delete forgets the entry of key and a refusal that is held for it.
func (c *Cache) Delete(key string) error {
	err := c.store().Delete(key)
	if e := c.store().Delete(failurePrefix + key); err == nil {
		err = e
	}
	return err
}

// Do returns the entry of key, and fetches it when there is none to serve.
//
// A fresh entry is served as it is. An aging one is refreshed by one process,
// within a short budget; everybody else, and the one whose refresh fails, is
// served the aging entry at once, and for a minute after a failure nobody tries
// again. Otherwise one process fetches, under the key's lock, and the others
// wait for it: for two thirds of the time that ctx leaves, then each fetches on
// its own. They share a refusal that came while they waited, as far as
// EncodeFailure allows.
//
// Inside one process callers share a fetch. It has the values and the deadline
// of the first caller's ctx (a minute when there is none) but is not cancelled
// with it: each caller waits as long as its own ctx allows.
//
// The error is what fetch returned, what DecodeFailure made of a refusal, or
// that of ctx; never one of the cache itself. An entry without a Lifetime is
// returned and not kept.
func (c *Cache) Do(ctx context.Context, key string, fetch func(context.Context) (Entry, error)) (Entry, error) {
	start := time.Now()
	e, state, err := c.Lookup(key)
	switch state {
	case Fresh:
		c.debug("served from the cache", "key", key, "state", state, "took", time.Since(start))
		return e, nil
	case Aging:
		c.debug("in the cache, and due to be renewed", "key", key, "state", state, "took", time.Since(start))
		return c.refresh(ctx, key, e, fetch)
	}
	c.debug("fetching", "key", key, "state", state, "reason", err, "took", time.Since(start))
	return c.share(ctx, "get|"+key, func(ctx context.Context) (Entry, error) {
		return c.fetchLocked(ctx, key, fetch)
	})
}

// Renew fetches the entry of key even if the one that is kept is good, like Do
// in everything else. It leaves that one in place when it fails, and is content
// with one that another process fetched meanwhile.
func (c *Cache) Renew(ctx context.Context, key string, fetch func(context.Context) (Entry, error)) (Entry, error) {
	return c.share(ctx, "renew|"+key, func(ctx context.Context) (Entry, error) {
		return c.renewLocked(ctx, key, fetch)
	})
}

// share runs work once for all callers of this process that ask under name.
func (c *Cache) share(ctx context.Context, name string, work func(context.Context) (Entry, error)) (Entry, error) {
	for ctx.Err() == nil {
		f, first := c.flights.join(name, func() (Entry, error, bool) {
			deadline, ok := ctx.Deadline()
			if !ok {
				deadline = time.Now().Add(fetchLimit)
			}
			ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
			defer cancel()
			e, err := work(ctx)
			return e, err, ctx.Err() != nil
		})
		if !await(ctx, f.done) {
			break
		}
		if f.err != nil && f.overdue && !first {
			continue // its deadline was not ours
		}
		e := f.entry
		e.Value = bytes.Clone(e.Value)
		return e, f.err
	}
	return Entry{}, ctx.Err()
}

// await waits for done as long as ctx allows.
func await(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		timer := time.NewTimer(lastWords)
		defer timer.Stop()
		select {
		case <-done:
			return true
		case <-timer.C:
		}
	}
	return false
}

// keep stores a fetched entry; trouble is for the log alone.
func (c *Cache) keep(key string, e Entry) {
	start := time.Now()
	if err := c.store().Put(key, e); err != nil {
		c.debug("entry not kept", "key", key, "reason", err, "took", time.Since(start))
		return
	}
	c.debug("entry kept", "key", key, "took", time.Since(start))
}
