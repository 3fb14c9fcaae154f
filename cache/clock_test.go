package cache

import (
	"errors"
	"testing"
	"time"
)

func TestThreeStatesOfFreshness(t *testing.T) {
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
		h := newHandClock()
		e := h.clock().Stamp(halfDay("v", h.wall))
		h.pass(c.age)
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

// Each case fetches an entry of 12 hours under a clock that is off, lets things
// happen, and asks whether it is served. The true age decides what may be.
func TestClocksThatAreWrong(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, c := range []struct {
		why    string
		skew   time.Duration // of the fetching clock: negative when it is ahead
		after  func(h *handClock)
		served bool
	}{
		{"ahead and steady, young", -2 * day, func(h *handClock) { h.pass(time.Hour) }, true},
		{"ahead and steady, over", -2 * day, func(h *handClock) { h.pass(13 * time.Hour) }, false},
		{"behind and steady, young", 2 * day, func(h *handClock) { h.pass(time.Hour) }, true},
		{"behind and steady, over", 2 * day, func(h *handClock) { h.pass(13 * time.Hour) }, false},
		{"ahead, put right, asked at once: from the future", -2 * day,
			func(h *handClock) { h.set(-2 * day) }, false},
		{"ahead, put right, asked when the wall clock is there again", -2 * day,
			func(h *handClock) { h.set(-2 * day); h.pass(2*day + time.Hour) }, false},
		{"the same after a reboot", -2 * day,
			func(h *handClock) { h.set(-2 * day); h.pass(2*day + time.Hour); h.reboot("boot-2") }, false},
		{"the same without a boot clock", -2 * day,
			func(h *handClock) { h.set(-2 * day); h.pass(2*day + time.Hour); h.reboot("") }, false},
		{"behind, put right, over", 2 * day,
			func(h *handClock) { h.set(2 * day); h.pass(13 * time.Hour) }, false},
		{"ahead and steady, young, after a reboot: nobody can tell", -2 * day,
			func(h *handClock) { h.pass(time.Hour); h.reboot("boot-2") }, false},
		{"right, young, after a reboot", 0,
			func(h *handClock) { h.pass(time.Hour); h.reboot("boot-2") }, true},
		{"right, young, in another boot that has lasted longer", 0,
			func(h *handClock) { h.pass(time.Hour); h.reboot("boot-2"); h.since = 1000 * time.Hour }, true},
		{"right, put back a day, over", 0,
			func(h *handClock) { h.pass(25 * time.Hour); h.set(-day) }, false},
		{"right, put back by what a time daemon does", 0,
			func(h *handClock) { h.set(-2 * time.Second) }, true},
		{"right, put back by more than that", 0,
			func(h *handClock) { h.set(-time.Minute) }, false},
		{"four minutes ahead, put right in another boot, over by a minute", -4 * time.Minute,
			func(h *handClock) { h.pass(12*time.Hour + time.Minute); h.set(-4 * time.Minute); h.reboot("boot-2") }, false},
		{"four minutes ahead, put right in another boot, young", -4 * time.Minute,
			func(h *handClock) { h.pass(time.Hour); h.set(-4 * time.Minute); h.reboot("boot-2") }, true},
		{"a boot clock that runs backwards is not believed", 2 * day,
			func(h *handClock) { h.pass(time.Hour); h.since = 0 }, false},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			h := newHandClock()
			d := newDisk(t, at(h))
			e := halfDay("v", h.wall)
			e.Skew = c.skew
			mustPut(t, d, "k", e)
			c.after(h)
			_, _, err := d.Get("k")
			if served := err == nil; served != c.served {
				t.Fatalf("served = %v (%v), want %v", served, err, c.served)
			}
		})
	}
}

func TestStampCountsFromTheFetch(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	e := halfDay("v", h.wall)
	h.pass(11 * time.Hour) // between the fetch and the Put
	e = h.clock().Stamp(e)
	h.set(-11 * time.Hour)
	h.pass(2 * time.Hour)
	if s, _ := h.clock().State(e); s != Expired {
		t.Errorf("13 hours old by the boot clock, and %v", s)
	}
	if again := h.clock().Stamp(e); again.stamp != e.stamp {
		t.Error("stamped twice")
	}
	old := halfDay("v", h.wall.Add(-1000*time.Hour))
	if got := h.clock().Stamp(old); got.stamp != (stamp{}) {
		t.Error("an entry from before the boot was stamped")
	}
}

func TestMachineClock(t *testing.T) {
	t.Parallel()
	var c Clock
	e := c.Stamp(halfDay("v", time.Now()))
	if id, since, ok := systemBoot(); ok {
		if len(id) < 8 || since <= 0 {
			t.Errorf("boot %q has lasted %v", id, since)
		}
		if e.stamp == (stamp{}) {
			t.Error("there is a boot clock, and the entry has no stamp")
		}
	}
	if s, err := c.State(e); s != Fresh {
		t.Errorf("just fetched, and %v: %v", s, err)
	}
}
