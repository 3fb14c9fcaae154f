// Package memory keeps entries of package cache in the memory of a long-lived
// process (a controller, a builder, a server), over another tier.
//
// The promise: what is fresh is answered without a system call; what is not is
// asked for below, where another process may have put something newer; and the
// newest entry that is still good is returned, even when the tier below has
// lost it.
//
// The limit: a fresh entry that another process deletes stays until its
// refresh point, and one that only this tier has stays until it expires.
//
// It is a package of its own because github.com/patrickmn/go-cache links
// encoding/gob, whose initialisation a program that answers once and exits
// should not pay for.
package memory

import (
	"bytes"
	"time"

	gocache "github.com/patrickmn/go-cache"

	"github.com/4e881efc/ecr-credential-helper/cache"
)

// sweepEvery is how often expired entries leave the memory. They are never
// served; this only bounds what they take.
const sweepEvery = 10 * time.Minute

// A Tier is a [cache.Store] in memory over another one.
type Tier struct {
	// Clock must be that of the Store below. Set it before the first use.
	Clock cache.Clock

	next  cache.Store
	items *gocache.Cache
}

var _ cache.Store = (*Tier)(nil)

// Over returns a tier over next, which may be nil: then memory is all there is.
func Over(next cache.Store) *Tier {
	return &Tier{next: next, items: gocache.New(gocache.NoExpiration, sweepEvery)}
}

// Get returns the entry of key. The error is a *[cache.Miss].
func (t *Tier) Get(key string) (cache.Entry, error) {
	held, state, err := t.held(key)
	if state == cache.Fresh || t.next == nil {
		return held, err
	}
	below, errBelow := t.next.Get(key)
	switch {
	case errBelow != nil && err != nil:
		return cache.Entry{}, errBelow
	case errBelow != nil:
		return held, nil
	case err == nil && !below.Fetched.After(held.Fetched):
		return held, nil // the tier below could not keep what this one has
	}
	t.hold(key, below)
	return below, nil
}

// Put keeps e here and below. The error is that of the tier below.
func (t *Tier) Put(key string, e cache.Entry) error {
	e = t.Clock.Stamp(e)
	t.hold(key, e)
	if t.next == nil {
		return nil
	}
	return t.next.Put(key, e)
}

// Delete forgets the entry of key here and below.
func (t *Tier) Delete(key string) error {
	t.items.Delete(key)
	if t.next == nil {
		return nil
	}
	return t.next.Delete(key)
}

// held returns what this tier has; the error is a *cache.Miss.
func (t *Tier) held(key string) (cache.Entry, cache.State, error) {
	item, ok := t.items.Get(key)
	if !ok {
		return cache.Entry{}, cache.Absent, &cache.Miss{State: cache.Absent, Reason: "absent"}
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

func (t *Tier) hold(key string, e cache.Entry) {
	age, err := t.Clock.Age(e)
	if err != nil || age >= e.Lifetime {
		t.items.Delete(key) // what was there is older still
		return
	}
	e.Value = bytes.Clone(e.Value) // the caller may change its own
	t.items.Set(key, e, e.Lifetime-age)
}
