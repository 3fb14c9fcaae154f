package cache

import (
	"errors"
	"time"
)

const (
	// maxValue is the size limit of a value in bytes. It bounds what reading one entry can cost.
	// The authorization tokens that this package was written for have up to 3 KiB.
	maxValue = 64 << 10

	// maxKey is the size limit of a key in bytes. The key is stored inside the sealed entry.
	maxKey = 1 << 10
)

// An Entry is a value and the times that limit its use. All durations count from Fetched.
type Entry struct {
	Value []byte

	// Fetched is the local wall clock time at which the value arrived.
	Fetched time.Time

	// Lifetime is how long the entry is valid. An expired entry is never returned, and an entry
	// whose Lifetime is not positive is not stored.
	Lifetime time.Duration

	// Refresh is the age at which the entry should be refreshed. From then until it expires it is
	// still returned. Stored entries have it limited to the range from 0 to Lifetime.
	Refresh time.Duration

	// Skew is the server's clock minus the local clock at the time of the fetch. A large skew means
	// that the local clock was wrong and may be corrected later.
	Skew time.Duration

	// stamp is the boot clock at the time of the fetch; zero if the system has none.
	stamp stamp
}

// Times are an entry's times on the wall clock.
type Times struct {
	Fetched time.Time `json:"fetched,omitzero"` // when the value arrived
	Refresh time.Time `json:"refresh,omitzero"` // when it should be refreshed
	Expires time.Time `json:"expires,omitzero"` // when it expires
}

// Times returns the entry's times on the wall clock.
func (e Entry) Times() Times {
	return Times{Fetched: e.Fetched, Refresh: e.Fetched.Add(e.Refresh), Expires: e.Fetched.Add(e.Lifetime)}
}

// A State is the freshness of an entry.
type State int

// The states of an entry.
const (
	Absent  State = iota // no usable entry
	Fresh                // valid
	Aging                // valid, but should be refreshed
	Expired              // not valid any more
)

// String returns the state's name: absent, fresh, aging or expired.
func (s State) String() string {
	switch s {
	case Fresh:
		return "fresh"
	case Aging:
		return "aging"
	case Expired:
		return "expired"
	}
	return "absent"
}

// A Miss is the error of a lookup that found no valid entry.
type Miss struct {
	Reason string // for people
}

// Error implements error.
func (m *Miss) Error() string { return "not in the cache: " + m.Reason }

func miss(reason string) error { return &Miss{Reason: reason} }

// A Store stores entries under keys.
type Store interface {
	// Get returns the entry of key and its state, which is Fresh or Aging. Otherwise the state is
	// Absent or Expired and the error a *[Miss]. The caller may change the entry's Value.
	Get(key string) (Entry, State, error)

	// Put stores e under key and replaces the previous entry.
	Put(key string, e Entry) error

	// Delete removes the entry of key. A missing entry is not an error.
	Delete(key string) error
}

// refreshSpread is the largest change to a refresh point, as a fraction of it. It keeps machines
// that fetched together from refreshing together.
const refreshSpread = 0.1

// RefreshPoint returns the age at which an entry should be refreshed: half its lifetime, changed by
// up to a tenth as spread goes from -1 to 1. The result is at most session, the remaining lifetime
// of the credentials that fetched the value, or unlimited if session is 0.
func RefreshPoint(lifetime, session time.Duration, spread float64) time.Duration {
	if !(spread >= -1) { // true for NaN too
		spread = -1
	}
	spread = min(spread, 1)
	point := time.Duration(float64(lifetime) / 2 * (1 + refreshSpread*spread))
	if session > 0 {
		point = min(point, session)
	}
	return max(point, 0)
}

// checked returns e in the form in which it is stored, or an error if it cannot be stored.
func (e Entry) checked(key string) (Entry, error) {
	switch {
	case key == "" || len(key) > maxKey:
		return e, errors.New("the key is empty or too long")
	case len(e.Value) > maxValue:
		return e, errors.New("the value is too long")
	case e.Lifetime <= 0:
		return e, errors.New("the entry has expired")
	case !time.Unix(0, e.Fetched.UnixNano()).Equal(e.Fetched):
		return e, errors.New("the time of the fetch is out of range")
	}
	e.Refresh = min(max(e.Refresh, 0), e.Lifetime)
	return e, nil
}
