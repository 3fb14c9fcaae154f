package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A lookup is timed in batches: one is shorter than the resolution of a clock. A batch is shorter
// than a time slice of the scheduler, so that most of them are undisturbed on a busy machine. The
// median counts.
const (
	rounds  = 200
	warmUps = 50 // rounds before, which do not count
	batch   = time.Millisecond
)

// A speed is the cost of one lookup with a token in the cache.
type speed struct {
	Library     string
	Nanos       float64
	Allocations float64
}

// A contender is a lookup that is measured.
type contender struct {
	name string
	call func()
	size int // lookups in a batch
}

// measureSpeeds measures a warm lookup of each library, and of a map as the lower bound.
func measureSpeeds(source ecrtest.Source, log io.Writer) ([]speed, error) {
	fmt.Fprintf(log, "library: warm lookups, credentials by %s\n", source)
	w, err := newWorld(source)
	if err != nil {
		return nil, err
	}
	defer w.close()
	var failed error
	var contenders []contender
	for _, l := range libraries() {
		find, err := l.new(w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.name, err)
		}
		contenders = append(contenders, contender{name: l.name, call: func() {
			if _, _, err := find(context.Background(), host); err != nil {
				failed = fmt.Errorf("%s: %w", l.name, err)
			}
		}})
	}
	contenders = append(contenders, contender{name: "a map under a lock", call: lowerBound()})
	return interleave(contenders), failed
}

// interleave measures the contenders in rounds, each in a new random order, so that a busy moment
// of the machine does not fall on one of them alone.
func interleave(contenders []contender) []speed {
	nanos := make([][]float64, len(contenders))
	speeds := make([]speed, len(contenders))
	for i := range contenders {
		c := &contenders[i]
		for range 3 { // until the token is in the cache and unchanged files are known
			c.call()
		}
		speeds[i] = speed{Library: c.name, Allocations: testing.AllocsPerRun(20, c.call)}
		for c.size = 1; c.time() < batch && c.size < 1<<20; c.size *= 2 {
		}
	}
	for round := range warmUps + rounds {
		for _, i := range rand.Perm(len(contenders)) {
			took := float64(contenders[i].time().Nanoseconds()) / float64(contenders[i].size)
			if round >= warmUps {
				nanos[i] = append(nanos[i], took)
			}
		}
	}
	for i := range speeds {
		slices.Sort(nanos[i])
		speeds[i].Nanos = nanos[i][rounds/2]
	}
	return speeds
}

// time returns the time of one batch.
func (c *contender) time() time.Duration {
	start := time.Now()
	for range c.size {
		c.call()
	}
	return time.Since(start)
}

// lowerBound returns a lookup that does the least possible: it reads a map under a lock.
func lowerBound() func() {
	var mu sync.RWMutex
	m := map[string]string{host: "not-a-real-token"}
	return func() {
		mu.RLock()
		defer mu.RUnlock()
		if m[host] == "" {
			panic("the map has no entry")
		}
	}
}
