//go:build stress

package cache

import (
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestStressKilledWriters(t *testing.T) { killWriters(t, 1000) }

func TestStress200ProcessesFetchOnce(t *testing.T) {
	c := newChildConfig(t)
	leader, waiting := startFetch(t, startCallers(t, 200, c))
	leader.send("return v")
	leader.want("got v")
	for _, p := range waiting {
		p.want("got v")
	}
	if n := countCalls(t, c.Calls); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

// A hit takes the same time with 10,000 entries as with one. The test compares the medians of
// interleaved runs, so that other load on the machine affects both.
func TestStressHitAmongMany(t *testing.T) {
	few, many := newDisk(t), newDisk(t)
	mustPut(t, few, "k", halfDay("v", time.Now()))
	mustPut(t, many, "k", halfDay("v", time.Now()))
	createEntryFiles(t, filepath.Join(many.options.Dir, entriesDir), 9_999, time.Now().Add(-time.Hour))
	measure := func(d *Disk) time.Duration {
		begin := time.Now()
		for range 100 {
			wantValue(t, d, "k", "v")
		}
		return time.Since(begin)
	}
	var a, b []time.Duration
	for range 201 {
		a, b = append(a, measure(few)), append(b, measure(many))
	}
	slices.Sort(a)
	slices.Sort(b)
	ratio := float64(b[100]) / float64(a[100])
	t.Logf("one entry %v, 10,000 entries %v, ratio %.2f", a[100]/100, b[100]/100, ratio)
	if ratio > 1.2 {
		t.Errorf("a hit with 10,000 entries takes %.2f times as long as with one", ratio)
	}
}
