package main

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/retry"
)

// A bucket is the rate limit of one account and region: a token bucket, as AWS documents its API
// throttling. A refused call takes nothing out of it.
type bucket struct {
	rate, burst float64 // calls a second, and calls at once
	full        float64
	last        time.Duration
}

func newBucket(rate, burst float64) *bucket { return &bucket{rate: rate, burst: burst, full: burst} }

// take reports whether a call at the given time is within the limit. Times must not decrease.
func (b *bucket) take(now time.Duration) bool {
	b.full = min(b.burst, b.full+(now-b.last).Seconds()*b.rate)
	b.last = now
	if b.full < 1 {
		return false
	}
	b.full--
	return true
}

// A fleet is one simulated situation.
type fleet struct {
	machines    int
	tokens      int           // tokens that each machine needs at its start, from different buckets; 0 is 1
	buckets     int           // accounts and regions over which the calls are spread; 0 is 1
	rate, burst float64       // of each bucket
	budget      time.Duration // of one attempt
	attempts    int           // how often the caller starts again after a failure; 0 is 1
	start       time.Duration // the machines start spread over this time
	seed        uint64
}

// backOff is the wait of the kubelet after its first failed pull; it doubles with each further
// failure, up to five minutes (Kubernetes: "Images", ImagePullBackOff).
const (
	backOff      = 10 * time.Second
	longestPause = 5 * time.Minute
)

// latency is the time from one end of the network to the other and back, with the server's part.
func latency(r *rand.Rand) time.Duration {
	return 40*time.Millisecond + time.Duration(r.ExpFloat64()*float64(60*time.Millisecond))
}

// An outcome is what a simulation measured.
type outcome struct {
	wanted        int
	first, second int // served in the first attempt; in the first two
	served        int
	calls         int
	took          []time.Duration // of each served token, from the machine's start; sorted
	perSecond     []int           // calls in each second
	refused       []int           // refused calls in each second
}

func (o outcome) share(served int) float64 { return float64(served) / float64(o.wanted) }

func (o outcome) callsPerToken() float64 {
	if o.served == 0 {
		return math.Inf(1)
	}
	return float64(o.calls) / float64(o.served)
}

// percentile is the time after which that part of all wanted tokens was served; false if so many
// never were.
func (o outcome) percentile(p float64) (time.Duration, bool) {
	i := int(math.Ceil(p*float64(o.wanted))) - 1
	if i < 0 || i >= len(o.took) {
		return 0, false
	}
	return o.took[i], true
}

func (o outcome) peak() int { return slices.Max(append(slices.Clone(o.perSecond), 0)) }

// A caller is one machine that wants one token.
type caller struct {
	at       time.Duration // of its next call
	began    time.Duration // the machine's start
	attempt  time.Duration // start of the current attempt
	attempts int
	calls    int // in the current attempt
	bucket   *bucket
	state    any // of the strategy
}

type queue []*caller

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(c any)        { *q = append(*q, c.(*caller)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// simulate runs the fleet with a strategy, in simulated time.
func simulate(f fleet, s strategy) outcome {
	random := rand.New(rand.NewPCG(f.seed, 1))
	buckets := make([]*bucket, max(f.buckets, 1))
	for i := range buckets {
		buckets[i] = newBucket(f.rate, f.burst)
	}
	var q queue
	for i := range f.machines {
		start := time.Duration(random.Float64() * float64(f.start))
		for n := range max(f.tokens, 1) {
			at := start + latency(random)/2
			q = append(q, &caller{at: at, began: start, attempt: start, attempts: 1, bucket: buckets[(i+n)%len(buckets)]})
		}
	}
	heap.Init(&q)
	o := outcome{wanted: len(q)}
	for q.Len() > 0 {
		c := heap.Pop(&q).(*caller)
		now := c.at
		c.calls++
		o.calls++
		count(&o.perSecond, now)
		answer := now + latency(random)/2
		if c.bucket.take(now) {
			o.served++
			if c.attempts == 1 {
				o.first++
			}
			if c.attempts <= 2 {
				o.second++
			}
			o.took = append(o.took, answer-c.began)
			continue
		}
		count(&o.refused, now)
		left := time.Duration(retry.Budget*float64(f.budget)) - (answer - c.attempt)
		wait, again := s.wait(c, left, random)
		switch {
		case again:
			c.at = answer + wait + latency(random)/2
		case c.attempts < f.attempts:
			pause := min(backOff<<(c.attempts-1), longestPause)
			c.attempt = answer + pause + time.Duration(random.Float64()*float64(time.Second))
			c.attempts++
			c.calls, c.state = 0, nil
			c.at = c.attempt + latency(random)/2
		default:
			continue
		}
		heap.Push(&q, c)
	}
	slices.Sort(o.took)
	return o
}

func count(seconds *[]int, at time.Duration) {
	second := int(at / time.Second)
	for len(*seconds) <= second {
		*seconds = append(*seconds, 0)
	}
	(*seconds)[second]++
}
