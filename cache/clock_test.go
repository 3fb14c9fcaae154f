package cache

import (
	"errors"
	"testing"
	"time"
)

func TestClockState(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		age  time.Duration
		want State
	}{
		{0, Fresh},
		{6*time.Hour - 1, Fresh},
		{6 * time.Hour, Aging},
		{12*time.Hour - 1, Aging},
		{12 * time.Hour, Expired},
		{1000 * time.Hour, Expired},
	} {
		h := newFakeClock()
		e := h.clock().Stamp(halfDay("v", h.wall))
		h.advance(c.age)
		got, err := h.clock().State(e)
		if got != c.want {
			t.Errorf("after %v: %v, want %v", c.age, got, c.want)
		}
		var m *Miss
		if errors.As(err, &m) != (c.want == Expired) {
			t.Errorf("after %v: error %v", c.age, err)
		}
	}
}

// Each case stores an entry of 12 hours while the clock may be wrong, changes the clock, and checks
// whether Get returns the entry. It must not if the entry's true age is more than 12 hours.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, c := range []struct {
		name   string
		skew   time.Duration // at the fetch; negative if the local clock is ahead
		change func(h *fakeClock)
		want   bool // Get returns the entry
	}{
		{"ahead, not corrected, valid", -2 * day, func(h *fakeClock) { h.advance(time.Hour) }, true},
		{"ahead, not corrected, expired", -2 * day, func(h *fakeClock) { h.advance(13 * time.Hour) }, false},
		{"behind, not corrected, valid", 2 * day, func(h *fakeClock) { h.advance(time.Hour) }, true},
		{"behind, not corrected, expired", 2 * day, func(h *fakeClock) { h.advance(13 * time.Hour) }, false},
		{"ahead, corrected: fetched in the future", -2 * day,
			func(h *fakeClock) { h.set(-2 * day) }, false},
		{"ahead, corrected, when the wall clock reaches the same time again", -2 * day,
			func(h *fakeClock) { h.set(-2 * day); h.advance(2*day + time.Hour) }, false},
		{"the same, after a reboot", -2 * day,
			func(h *fakeClock) { h.set(-2 * day); h.advance(2*day + time.Hour); h.reboot("boot-2") }, false},
		{"the same, without a boot clock", -2 * day,
			func(h *fakeClock) { h.set(-2 * day); h.advance(2*day + time.Hour); h.reboot("") }, false},
		{"behind, corrected, expired", 2 * day,
			func(h *fakeClock) { h.set(2 * day); h.advance(13 * time.Hour) }, false},
		{"ahead, not corrected, valid, after a reboot: the age is unknown", -2 * day,
			func(h *fakeClock) { h.advance(time.Hour); h.reboot("boot-2") }, false},
		{"correct, valid, after a reboot", 0,
			func(h *fakeClock) { h.advance(time.Hour); h.reboot("boot-2") }, true},
		{"correct, valid, in another boot that has lasted longer", 0,
			func(h *fakeClock) { h.advance(time.Hour); h.reboot("boot-2"); h.since = 1000 * time.Hour }, true},
		{"correct, set back a day, expired", 0,
			func(h *fakeClock) { h.advance(25 * time.Hour); h.set(-day) }, false},
		{"correct, set back by 2 seconds", 0,
			func(h *fakeClock) { h.set(-2 * time.Second) }, true},
		{"correct, set back by a minute", 0,
			func(h *fakeClock) { h.set(-time.Minute) }, false},
		{"4 minutes ahead, corrected in another boot, expired a minute ago", -4 * time.Minute,
			func(h *fakeClock) { h.advance(12*time.Hour + time.Minute); h.set(-4 * time.Minute); h.reboot("boot-2") }, false},
		{"4 minutes ahead, corrected in another boot, valid", -4 * time.Minute,
			func(h *fakeClock) { h.advance(time.Hour); h.set(-4 * time.Minute); h.reboot("boot-2") }, true},
		{"a boot clock that runs backwards", 2 * day,
			func(h *fakeClock) { h.advance(time.Hour); h.since = 0 }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newFakeClock()
			d := newDisk(t, at(h))
			e := halfDay("v", h.wall)
			e.Skew = c.skew
			mustPut(t, d, "k", e)
			c.change(h)
			_, _, err := d.Get("k")
			if got := err == nil; got != c.want {
				t.Fatalf("valid = %v (%v), want %v", got, err, c.want)
			}
		})
	}
}

func TestStampIsTimeOfFetch(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	e := halfDay("v", h.wall)
	h.advance(11 * time.Hour) // between the fetch and the Put
	e = h.clock().Stamp(e)
	h.set(-11 * time.Hour)
	h.advance(2 * time.Hour)
	if s, _ := h.clock().State(e); s != Expired {
		t.Errorf("13 hours old by the boot clock: state %v", s)
	}
	if again := h.clock().Stamp(e); again.stamp != e.stamp {
		t.Error("stamped again")
	}
	old := halfDay("v", h.wall.Add(-1000*time.Hour))
	if got := h.clock().Stamp(old); got.stamp != (stamp{}) {
		t.Error("an entry from before the boot was stamped")
	}
}

func TestSystemClock(t *testing.T) {
	t.Parallel()
	var c Clock
	e := c.Stamp(halfDay("v", time.Now()))
	if id, since, ok := systemBoot(); ok {
		if len(id) < 8 || since <= 0 {
			t.Errorf("boot ID %q, time since boot %v", id, since)
		}
		if e.stamp == (stamp{}) {
			t.Error("the system has a boot clock, but the entry has no stamp")
		}
	}
	if s, err := c.State(e); s != Fresh {
		t.Errorf("just fetched: state %v, %v", s, err)
	}
}
