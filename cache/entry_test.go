package cache

import (
	"math"
	"testing"
	"time"
)

func TestRefreshPoint(t *testing.T) {
	t.Parallel()
	const h = time.Hour
	for _, c := range []struct {
		name              string
		lifetime, session time.Duration
		spread            float64
		want              time.Duration
	}{
		{"half the lifetime", 12 * h, 0, 0, 6 * h},
		{"earliest", 12 * h, 0, -1, 5*h + 24*time.Minute},
		{"latest", 12 * h, 0, 1, 6*h + 36*time.Minute},
		{"spread above its range", 12 * h, 0, 50, 6*h + 36*time.Minute},
		{"spread below its range", 12 * h, 0, -50, 5*h + 24*time.Minute},
		{"spread is NaN", 12 * h, 0, math.NaN(), 5*h + 24*time.Minute},
		{"session ends first", 12 * h, h, 0, h},
		{"session ends later", 12 * h, 9 * h, 1, 6*h + 36*time.Minute},
		{"no lifetime", 0, 0, 1, 0},
		{"negative lifetime", -h, 0, 1, 0},
	} {
		if got := RefreshPoint(c.lifetime, c.session, c.spread); got != c.want {
			t.Errorf("%s: RefreshPoint(%v, %v, %v) = %v, want %v", c.name, c.lifetime, c.session, c.spread, got, c.want)
		}
	}
}

func TestPutRejectsInvalidEntry(t *testing.T) {
	t.Parallel()
	now := time.Now()
	good := halfDay("v", now)
	for _, c := range []struct {
		name   string
		key    string
		change func(*Entry)
	}{
		{"empty key", "", func(*Entry) {}},
		{"key too long", string(make([]byte, maxKey+1)), func(*Entry) {}},
		{"value too large", "k", func(e *Entry) { e.Value = make([]byte, maxValue+1) }},
		{"no lifetime", "k", func(e *Entry) { e.Lifetime = 0 }},
		{"negative lifetime", "k", func(e *Entry) { e.Lifetime = -1 }},
		{"zero time of the fetch", "k", func(e *Entry) { e.Fetched = time.Time{} }},
		{"time of the fetch out of range", "k", func(e *Entry) { e.Fetched = now.AddDate(900, 0, 0) }},
	} {
		d := newDisk(t)
		e := good
		c.change(&e)
		if err := d.Put(c.key, e); err == nil {
			t.Errorf("%s: stored", c.name)
		}
	}
}

func TestRefreshWithinLifetime(t *testing.T) {
	t.Parallel()
	for _, refresh := range []time.Duration{-time.Hour, 99 * time.Hour} {
		e := halfDay("v", time.Now())
		e.Refresh = refresh
		e, err := e.checked("k")
		if err != nil || e.Refresh < 0 || e.Refresh > e.Lifetime {
			t.Errorf("refresh %v became %v, %v", refresh, e.Refresh, err)
		}
	}
}

func TestStateNames(t *testing.T) {
	t.Parallel()
	for s, want := range map[State]string{Absent: "absent", Fresh: "fresh", Aging: "aging", Expired: "expired", 99: "absent"} {
		if s.String() != want {
			t.Errorf("state %d is %q, want %q", int(s), s, want)
		}
	}
}
