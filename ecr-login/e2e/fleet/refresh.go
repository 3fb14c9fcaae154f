package main

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
)

// lifetime is that of an ECR authorization token (Amazon ECR API, GetAuthorizationToken).
const lifetime = 12 * time.Hour

// failureHold is how long the cache waits after a failed refresh before it tries again, while the
// aging token is served. pullEvery is how often a machine uses its token in the simulation.
const (
	failureHold = time.Minute
	pullEvery   = time.Minute
)

// A refresher decides when a token is refreshed, and how many calls a failed refresh makes.
type refresher struct {
	name     string
	point    func(r *rand.Rand) time.Duration // from the fetch on
	attempts int                              // calls of one failed refresh
}

var oursRefresh = refresher{"this program", func(r *rand.Rand) time.Duration {
	return cache.RefreshPoint(lifetime, 0, 2*r.Float64()-1)
}, 1}

// existingRefresh refreshes at exactly half of the lifetime (awslabs/amazon-ecr-credential-helper
// v0.12.0, ecr-login/cache/credentials.go, IsValid), with the SDK's three attempts.
var existingRefresh = refresher{"existing helper", func(*rand.Rand) time.Duration { return lifetime / 2 }, 3}

// A life is a fleet whose tokens are refreshed for days.
type life struct {
	machines               int
	rate, burst            float64
	cold                   outcome       // how the fleet got its first tokens
	lasts                  time.Duration // simulated time
	outageFrom, outageTill time.Duration // AWS does not answer; both 0: always
	seed                   uint64
}

// A record is what the simulation of a life measured.
type record struct {
	calls     []int // in each second
	expired   int   // times at which a machine had no valid token when it needed one
	refreshes int
}

func (l life) run(how refresher) record {
	random := rand.New(rand.NewPCG(l.seed, 2))
	b := newBucket(l.rate, l.burst)
	var q queue
	expires := map[*caller]time.Duration{}
	for i := range l.machines {
		fetched := l.cold.took[i%len(l.cold.took)]
		c := &caller{at: fetched + how.point(random)}
		c.at += time.Duration(random.Float64() * float64(pullEvery)) // the next use after that
		expires[c] = fetched + lifetime
		q = append(q, c)
	}
	heap.Init(&q)
	var out record
	for q.Len() > 0 && q[0].at < l.lasts {
		c := heap.Pop(&q).(*caller)
		if c.at >= expires[c] {
			out.expired++
		}
		outage := c.at >= l.outageFrom && c.at < l.outageTill
		served := false
		for try := 0; try < how.attempts && !served; try++ {
			count(&out.calls, c.at)
			served = !outage && b.take(c.at)
		}
		if served {
			out.refreshes++
			expires[c] = c.at + lifetime
			c.at += how.point(random) + time.Duration(random.Float64()*float64(pullEvery))
		} else {
			c.at += max(failureHold, pullEvery) + time.Duration(random.Float64()*float64(time.Second))
		}
		heap.Push(&q, c)
	}
	return out
}

// peak is the largest number of calls in one second from the given time on.
func (r record) peak(from, till time.Duration) int {
	most := 0
	for second, n := range r.calls {
		if at := time.Duration(second) * time.Second; at >= from && at < till {
			most = max(most, n)
		}
	}
	return most
}

// perMinute returns the calls of each minute between two times.
func (r record) perMinute(from, till time.Duration) []int {
	var minutes []int
	for at := from; at < till; at += time.Minute {
		first := min(int(at/time.Second), len(r.calls))
		last := min(first+60, len(r.calls))
		sum := 0
		for _, n := range r.calls[first:last] {
			sum += n
		}
		minutes = append(minutes, sum)
	}
	return slices.Clip(minutes)
}
