package main

import (
	"math/rand/v2"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/retry"
)

// A strategy decides when a throttled call is repeated. wait returns the wait before the next call
// of the caller. left is the time in which that call must start.
type strategy struct {
	name string
	wait func(c *caller, left time.Duration, r *rand.Rand) (time.Duration, bool)
}

// ours runs the code of the program.
var ours = strategy{"this program", func(c *caller, left time.Duration, r *rand.Rand) (time.Duration, bool) {
	return retry.Wait(retry.Refusal{Reason: retry.Throttled, Attempt: c.calls, Left: left}, r.Float64())
}}

// sdk is the default of the AWS SDK for Go (aws/retry, v1.42): three calls, and a wait of up to
// 2^n seconds, at most 20. The existing helper uses it unchanged.
var sdk = strategy{"AWS SDK default, existing helper", func(c *caller, left time.Duration, r *rand.Rand) (time.Duration, bool) {
	if c.calls >= 3 {
		return 0, false
	}
	return within(exponential(time.Second, c.calls, r), left)
}}

// others are the strategies that were compared before one was chosen.
var others = []strategy{
	{"full jitter, unlimited", func(c *caller, left time.Duration, r *rand.Rand) (time.Duration, bool) {
		return within(exponential(500*time.Millisecond, c.calls, r), left)
	}},
	{"decorrelated jitter", func(c *caller, left time.Duration, r *rand.Rand) (time.Duration, bool) {
		const base = 500 * time.Millisecond
		last, _ := c.state.(time.Duration)
		last = max(last, base)
		wait := min(base+time.Duration(r.Float64()*float64(3*last-base)), longest)
		c.state = wait
		return within(wait, left)
	}},
	{"client-side token bucket", func(c *caller, left time.Duration, r *rand.Rand) (time.Duration, bool) {
		// As the SDK's adaptive mode: a client sends at the rate at which it was last served. A
		// machine makes one call, so that it knows nothing of the others but its own refusals.
		rate, _ := c.state.(float64)
		if rate == 0 {
			rate = 1 / 0.5
		}
		rate = max(rate*0.7, 1.0/20)
		c.state = rate
		return within(time.Duration(float64(time.Second)/rate*(0.5+r.Float64())), left)
	}},
	{"AIMD", func(c *caller, left time.Duration, r *rand.Rand) (time.Duration, bool) {
		// The wait doubles with each refusal, without the randomness of full jitter.
		wait := min(500*time.Millisecond<<(min(c.calls, 8)-1), longest)
		return within(time.Duration(float64(wait)*(0.8+0.4*r.Float64())), left)
	}},
}

// longest is the SDK's longest wait.
const longest = 20 * time.Second

func exponential(base time.Duration, calls int, r *rand.Rand) time.Duration {
	return time.Duration(r.Float64() * float64(min(base<<(min(calls, 8)-1), longest)))
}

func within(wait, left time.Duration) (time.Duration, bool) { return wait, wait < left }
