package cache

import (
	"crypto/sha256"
	"time"
)

const (
	// maxFuture is how far in the future the time of a fetch may be. A time daemon may set the
	// clock back by a few seconds.
	maxFuture = 5 * time.Second

	// maxSkew is the largest error of the wall clock at the fetch with which the wall clock alone
	// is used later. AWS rejects signatures that are 5 minutes off, so a clock with a larger error
	// will be corrected.
	maxSkew = 5 * time.Minute
)

// A Clock measures the age of entries. The wall clock can be wrong and be corrected later. The time
// since boot cannot, but it restarts with each boot. The age of an entry is the larger of the two
// elapsed times, so changing the wall clock never makes an entry look younger than it is.
type Clock struct {
	// Now returns the wall clock time; nil means [time.Now].
	Now func() time.Time

	// Boot returns an ID of the current boot and the time since then, including suspended time. ok
	// is false if they are not known. nil means the system's boot clock.
	Boot func() (id string, since time.Duration, ok bool)
}

// A stamp is a reading of the boot clock. The zero stamp means that the system has no boot clock.
type stamp struct {
	boot  [16]byte // the first bytes of SHA-256 of the boot ID
	since time.Duration
}

// now returns the wall clock time without a monotonic clock reading.
func (c Clock) now() time.Time {
	if c.Now != nil {
		return c.Now().Round(0)
	}
	return time.Now().Round(0)
}

// bootStamp reads the boot clock.
func (c Clock) bootStamp() (stamp, bool) {
	read := c.Boot
	if read == nil {
		read = systemBoot
	}
	id, since, ok := read()
	if !ok || since < 0 {
		return stamp{}, false
	}
	sum := sha256.Sum256([]byte(id))
	return stamp{boot: [16]byte(sum[:16]), since: since}, true
}

// Stamp returns e with the boot clock's time of its fetch. A [Store] calls it in Put. It does not
// change an entry that has such a time.
func (c Clock) Stamp(e Entry) Entry {
	if e.stamp != (stamp{}) {
		return e
	}
	s, ok := c.bootStamp()
	if !ok {
		return e
	}
	s.since -= max(c.now().Sub(e.Fetched.Round(0)), 0)
	if s.since < 0 {
		return e // fetched before this boot
	}
	e.stamp = s
	return e
}

// age returns the time since e was fetched. The error is a *Miss if the age is unknown: the fetch
// seems to be in the future, or the wall clock was wrong at the fetch and only the boot clock of an
// earlier boot could correct it.
func (c Clock) age(e Entry) (time.Duration, error) {
	wall := c.now().Sub(e.Fetched.Round(0))
	if wall < -maxFuture {
		return 0, miss("fetched in the future: the clock was set back")
	}
	wall = max(wall, 0)
	if e.stamp != (stamp{}) {
		s, ok := c.bootStamp()
		if ok && s.boot == e.stamp.boot && s.since >= e.stamp.since {
			return max(wall, s.since-e.stamp.since), nil
		}
	}
	if e.Skew > maxSkew || e.Skew < -maxSkew {
		return 0, miss("fetched in an earlier boot while the clock was wrong")
	}
	// A clock that was ahead at the fetch may have been corrected since.
	return wall + max(-e.Skew, 0), nil
}

// State returns the current state of e. The error is a *[Miss] unless e is fresh or aging.
func (c Clock) State(e Entry) (State, error) {
	age, err := c.age(e)
	switch {
	case err != nil:
		return Absent, err
	case age >= e.Lifetime:
		return Expired, miss("expired")
	case age >= e.Refresh:
		return Aging, nil
	}
	return Fresh, nil
}
