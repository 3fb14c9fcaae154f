// Package memory stores entries of package cache in the memory of a long-lived process (a
// controller, a builder, a server), on top of another [cache.Store].
//
// A fresh entry is returned without a system call. For any other entry, Get also looks in the store
// below, where another process may have stored a newer one. Get returns the newer of the two valid
// entries, or the only one if the store below no longer has its own.
//
// Limits: a fresh entry that another process deletes is returned until it should be refreshed. An
// entry that is only in memory is returned until it expires.
//
// It is a package of its own because github.com/patrickmn/go-cache imports encoding/gob. A program
// that makes one lookup and exits should not have to initialise that.
package memory

import (
	"bytes"
	"time"

	gocache "github.com/patrickmn/go-cache"

	"github.com/4e881efc/ecr-credential-helper/cache"
)

// cleanupInterval is the time between removals of expired entries. Get does not return them in any
// case; this only limits the memory that they use.
const cleanupInterval = 10 * time.Minute

// A Tier is a [cache.Store] in memory on top of another one.
type Tier struct {
	// Clock must be the clock of the store below. Set it before the first use.
	Clock cache.Clock

	below cache.Store
	items *gocache.Cache
}

// Over returns a Tier on top of below. If below is nil, entries are only stored in memory.
func Over(below cache.Store) *Tier {
	return &Tier{below: below, items: gocache.New(gocache.NoExpiration, cleanupInterval)}
}

// Get implements [cache.Store].
func (t *Tier) Get(key string) (cache.Entry, cache.State, error) {
	e, state, err := t.get(key)
	if state == cache.Fresh || t.below == nil {
		return e, state, err
	}
	e2, state2, err2 := t.below.Get(key)
	switch {
	case err2 != nil && err != nil:
		return cache.Entry{}, state2, err2
	case err2 != nil:
		return e, state, nil
	case err == nil && !e2.Fetched.After(e.Fetched):
		return e, state, nil // the store below could not store this one
	}
	t.set(key, e2)
	return e2, state2, nil
}

// Put stores e in memory and in the store below. The error is that of the store below.
func (t *Tier) Put(key string, e cache.Entry) error {
	e = t.Clock.Stamp(e)
	t.set(key, e)
	if t.below == nil {
		return nil
	}
	return t.below.Put(key, e)
}

// Delete removes the entry of key from memory and from the store below.
func (t *Tier) Delete(key string) error {
	t.items.Delete(key)
	if t.below == nil {
		return nil
	}
	return t.below.Delete(key)
}

// get returns the entry of key from memory.
func (t *Tier) get(key string) (cache.Entry, cache.State, error) {
	item, ok := t.items.Get(key)
	if !ok {
		return cache.Entry{}, cache.Absent, &cache.Miss{Reason: "absent"}
	}
	e := item.(cache.Entry)
	state, err := t.Clock.State(e)
	if err != nil {
		t.items.Delete(key)
		return cache.Entry{}, state, err
	}
	e.Value = bytes.Clone(e.Value)
	return e, state, nil
}

// set stores e in memory if it is valid. Otherwise it only removes the previous, older entry.
func (t *Tier) set(key string, e cache.Entry) {
	if _, err := t.Clock.State(e); err != nil {
		t.items.Delete(key)
		return
	}
	e.Value = bytes.Clone(e.Value) // the caller may change its own
	t.items.Set(key, e, e.Lifetime)
}
