package cache

import (
	"errors"
	"time"
)

// MaxValue is the largest value that is kept. The largest ECR token reported
// is under 3 KiB; the limit is what one read of a hit may cost.
const MaxValue = 64 << 10

// maxKey bounds the text of a key, which is kept inside the sealed entry.
const maxKey = 1 << 10

// An Entry is a value and the times that say how long it may be served. All
// durations count from Fetched.
type Entry struct {
	Value []byte

	// Fetched is the local wall clock when the value arrived.
	Fetched time.Time

	// Lifetime ends the entry: it is never served past it. An entry without
	// a life is not kept.
	Lifetime time.Duration

	// Refresh is when the entry starts to age: it is still served, but
	// somebody should fetch anew. Kept between 0 and Lifetime.
	Refresh time.Duration

	// Skew is the other party's clock minus ours at the fetch. A large one
	// says that ours may be put right one day.
	Skew time.Duration

	// stamp is the boot clock at the fetch, when the machine has one.
	stamp stamp
}

// A State is what may be done with an entry now.
type State int

const (
	Absent  State = iota // nothing there that can be used
	Fresh                // serve it
	Aging                // serve it, and fetch anew
	Expired              // never serve it
)

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

// A Miss says why there is nothing to serve.
type Miss struct {
	State  State // Absent or Expired
	Reason string
}

func (m *Miss) Error() string { return "not in the cache: " + m.Reason }

func miss(reason string) error { return &Miss{State: Absent, Reason: reason} }

// A Store keeps entries under keys. The error of Get is a *[Miss]; an entry
// that Get returns is fresh or aging, and its Value is the caller's own. Delete
// of nothing is no error.
type Store interface {
	Get(key string) (Entry, error)
	Put(key string, e Entry) error
	Delete(key string) error
}

// refreshSpread is how far two machines that fetched together may end up
// apart: up to a tenth of the way to the refresh point, to either side.
const refreshSpread = 0.1

// RefreshPoint says when an entry should start to age: at half its life, moved
// by up to a tenth of that either way as spread goes from -1 to 1, and never
// after session, the time that the credentials behind it have left (0 when
// they have no known end).
func RefreshPoint(lifetime, session time.Duration, spread float64) time.Duration {
	if !(spread >= -1) { // also not a number
		spread = -1
	}
	spread = min(spread, 1)
	point := time.Duration(float64(lifetime) / 2 * (1 + refreshSpread*spread))
	if session > 0 {
		point = min(point, session)
	}
	return max(point, 0)
}

// checked returns e as it can be kept, or why it cannot.
func (e Entry) checked(key string) (Entry, error) {
	switch {
	case key == "" || len(key) > maxKey:
		return e, errors.New("the key is empty or too long")
	case len(e.Value) > MaxValue:
		return e, errors.New("the value is too big")
	case e.Lifetime <= 0:
		return e, errors.New("the entry has no life left")
	case !time.Unix(0, e.Fetched.UnixNano()).Equal(e.Fetched):
		return e, errors.New("the entry's time is out of range")
	}
	e.Refresh = min(max(e.Refresh, 0), e.Lifetime)
	return e, nil
}
