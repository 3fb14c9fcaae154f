package cache

import (
	"strings"
	"time"
)

// failurePrefix starts the keys under which failed fetches are stored, as entries like all others.
const failurePrefix = "failure|"

// failureLifetime is how long a failed fetch is stored. Meanwhile no process refreshes an aging
// entry, and a failure with hold set is returned instead of a new fetch.
const failureLifetime = time.Minute

func isFailureKey(key string) bool { return strings.HasPrefix(key, failurePrefix) }

// A failure describes a failed fetch.
type failure struct {
	// generation is random. A process that waits uses it to recognise a new failure.
	generation [16]byte

	// shared reports whether processes that wait return data as their error. A failure that is not
	// shared only delays the next refresh.
	shared bool

	// hold reports whether processes that start later return data as their error too.
	hold bool

	data []byte
}

func newFailure(data []byte, hold bool) (failure, error) {
	f := failure{shared: data != nil, hold: hold && data != nil, data: data}
	err := random(f.generation[:])
	return f, err
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

// decodeFailure is the inverse of encode.
func decodeFailure(b []byte) (f failure, ok bool) {
	if len(b) < len(f.generation)+1 {
		return f, false
	}
	n := copy(f.generation[:], b)
	f.shared, f.hold, f.data = b[n]&flagShared != 0, b[n]&flagHold != 0, b[n+1:]
	return f, true
}

// failure returns the stored failure of key. ok is false if there is none.
func (c *Cache) failure(key string) (f failure, ok bool) {
	e, _, err := c.store().Get(failurePrefix + key)
	if err != nil {
		return f, false
	}
	return decodeFailure(e.Value)
}

// storeFailure stores the failure of a fetch. After a failed refresh it also stores an error that
// cannot be shared, so that the next refresh waits.
func (c *Cache) storeFailure(key string, fetchErr error, refresh bool) {
	var data []byte
	var hold bool
	if c.EncodeFailure != nil {
		data, hold = c.EncodeFailure(fetchErr)
	}
	if data == nil && !refresh {
		return
	}
	f, err := newFailure(data, hold)
	if err == nil {
		err = c.Put(failurePrefix+key, Entry{
			Value:    f.encode(),
			Fetched:  c.clock().now(),
			Lifetime: failureLifetime,
			Refresh:  failureLifetime,
		})
	}
	if err != nil {
		c.debug("failure not stored", "key", key, "reason", err)
	}
}

// decode returns the error of a shared failure; nil if it cannot be decoded.
func (c *Cache) decode(f failure) error {
	if c.DecodeFailure == nil {
		return nil
	}
	return c.DecodeFailure(f.data)
}
