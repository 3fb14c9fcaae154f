package cache

import (
	"crypto/sha256"
	"time"
)

const (
	// maxFuture is how far in the future an entry may seem to be: time
	// daemons move a clock back by that much without anybody noticing.
	maxFuture = 5 * time.Second

	// maxSkew is how wrong a clock may have been at the fetch for the wall
	// clock to be believed later. AWS refuses signatures that are 5 minutes
	// off, so a machine further off is one whose clock will be put right.
	maxSkew = 5 * time.Minute
)

// A Clock tells the time. The wall clock can be wrong and be put right; the
// time since boot cannot, but ends with the boot. Elapsed time is the larger of
// the two, so that no change of the wall clock makes an entry look younger
// than it is.
type Clock struct {
	// Now is the wall clock; nil means [time.Now].
	Now func() time.Time

	// Boot names the current boot and says how long it has lasted,
	// suspended time included; ok is false where that cannot be told. nil
	// means the machine's own.
	Boot func() (id string, since time.Duration, ok bool)
}

// A stamp is a reading of the boot clock; the zero stamp is no reading.
type stamp struct {
	boot  [16]byte // of SHA-256 of the boot's id
	since time.Duration
}

func (c Clock) now() time.Time {
	if c.Now != nil {
		return c.Now().Round(0)
	}
	return time.Now().Round(0) // the wall clock alone
}

func (c Clock) bootStamp() (stamp, bool) {
	read := c.Boot
	if read == nil {
		read = machineBoot
	}
	id, since, ok := read()
	if !ok || since < 0 {
		return stamp{}, false
	}
	sum := sha256.Sum256([]byte(id))
	return stamp{boot: [16]byte(sum[:16]), since: since}, true
}

// Stamp notes in e what the boot clock said when it was fetched. An entry that
// has such a note keeps it.
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

// Age is the time since e was fetched. It is a *[Miss] when the clocks do not
// allow to say: the entry seems to be from the future, or was fetched under a
// clock that was wrong and that only the boot it was fetched in can correct.
func (c Clock) Age(e Entry) (time.Duration, error) {
	wall := c.now().Sub(e.Fetched.Round(0))
	if wall < -maxFuture {
		return 0, miss("from the future: the clock was put back")
	}
	wall = max(wall, 0)
	if e.stamp != (stamp{}) {
		s, ok := c.bootStamp()
		if ok && s.boot == e.stamp.boot && s.since >= e.stamp.since {
			return max(wall, s.since-e.stamp.since), nil
		}
	}
	if e.Skew > maxSkew || e.Skew < -maxSkew {
		return 0, miss("fetched in another boot under a clock that was wrong")
	}
	// A clock that was ahead at the fetch may have been put right since.
	return wall + max(-e.Skew, 0), nil
}

// State says what may be done with e now. The error is a *[Miss] when that is
// nothing.
func (c Clock) State(e Entry) (State, error) {
	age, err := c.Age(e)
	switch {
	case err != nil:
		return Absent, err
	case age >= e.Lifetime:
		return Expired, &Miss{State: Expired, Reason: "expired"}
	case age >= e.Refresh:
		return Aging, nil
	}
	return Fresh, nil
}
