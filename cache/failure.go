package cache

import (
	"strings"
	"time"
)

// failurePrefix starts the keys of refusals, which are kept as entries among
// the others.
const failurePrefix = "failure|"

// failureLife is how long a refusal is remembered: nobody refreshes an aging
// entry meanwhile, and one that is to be held is served.
const failureLife = time.Minute

func isFailureKey(key string) bool { return strings.HasPrefix(key, failurePrefix) }

// A failure is what a fetch that failed left behind.
type failure struct {
	// generation is random: it tells this refusal from the one before.
	generation [16]byte

	// shared: data is for those who were already waiting. A refresh that ran
	// into its own budget leaves a failure that is not shared, but still
	// keeps others from trying at once.
	shared bool

	// hold: data is for everybody, as long as the failure lasts.
	hold bool

	data []byte
}

func newFailure(data []byte, hold bool) failure {
	f := failure{shared: data != nil, hold: hold && data != nil, data: data}
	random(f.generation[:])
	return f
}

const (
	flagShared = 1 << iota
	flagHold
)

func (f failure) encode() []byte {
	var flags byte
	if f.shared {
		flags |= flagShared
	}
	if f.hold {
		flags |= flagHold
	}
	b := append(f.generation[:], flags)
	return append(b, f.data...)
}

func decodeFailure(b []byte) (f failure, ok bool) {
	if len(b) < len(f.generation)+1 {
		return f, false
	}
	n := copy(f.generation[:], b)
	f.shared, f.hold, f.data = b[n]&flagShared != 0, b[n]&flagHold != 0, b[n+1:]
	return f, true
}

// failure returns the refusal that is remembered for key; ok is false when
// there is none.
func (c *Cache) failure(key string) (f failure, ok bool) {
	e, err := c.store().Get(failurePrefix + key)
	if err != nil {
		return f, false
	}
	return decodeFailure(e.Value)
}

// remember keeps what can be told of err. On a refresh something is kept even
// when it is not for others, so that nobody tries again at once.
func (c *Cache) remember(key string, err error, refresh bool) {
	var data []byte
	var hold bool
	if c.EncodeFailure != nil {
		data, hold = c.EncodeFailure(err)
	}
	if data == nil && !refresh {
		return
	}
	e := Entry{
		Value:    newFailure(data, hold).encode(),
		Fetched:  c.clock().now(),
		Lifetime: failureLife,
		Refresh:  failureLife,
	}
	if err := c.store().Put(failurePrefix+key, e); err != nil {
		c.debug("refusal not kept", "key", key, "reason", err)
	}
}

// told turns a shared refusal into an error again; nil when that cannot be.
func (c *Cache) told(f failure) error {
	if c.DecodeFailure == nil {
		return nil
	}
	return c.DecodeFailure(f.data)
}
