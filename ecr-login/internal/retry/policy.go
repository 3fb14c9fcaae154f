// Package retry decides how long to wait before a refused call to AWS is repeated.
//
// It holds the policy alone, without a clock, a random source or the AWS SDK, so that the
// simulation of a fleet (ecr-login/e2e/fleet) runs the same code as the program. docs/fleet.md
// compares the policy with others.
//
// Its limits: it knows one caller. It does not count the calls of other processes or machines.
package retry

import "time"

// Budget is the part of a call's time in which calls may be repeated. The rest is left for the
// caller to print an error before it is stopped itself.
const Budget = 0.9

// FirstWait is the longest wait after the first refusal. A light throttle is over within some
// hundred milliseconds, so that the first repetition usually succeeds.
const FirstWait = time.Second

// SecondShare and Share are the parts of the remaining time over which the second and the later
// waits after throttling are spread. Many machines that were refused together have about the same
// time left. Spread over it, they need two to three calls for each token. Exponential waits need
// four to seven, because they repeat most calls while the limit is still exceeded. The second wait
// is shorter, so that machines which need only a few seconds together are served sooner.
const (
	SecondShare = 0.6
	Share       = 0.9
)

// shortest is the smallest part of a wait that is drawn. A call that is repeated at once is refused
// again.
const shortest = 0.1

// serverErrorWait and serverErrorLimit bound the waits after a server error, which double. A server
// error does not mean that many machines call at once, so the call is repeated sooner than after
// throttling.
const (
	serverErrorWait  = 200 * time.Millisecond
	serverErrorLimit = 5 * time.Second
)

// Reason is why a call is repeated.
type Reason int

// The reasons for which a call is repeated.
const (
	Throttled   Reason = iota // the caller exceeded a rate limit
	ServerError               // status 5xx, or a broken connection
)

// Refusal describes the refused call.
type Refusal struct {
	Reason Reason

	// Attempt is the number of calls so far, at least 1.
	Attempt int

	// RetryAfter is the wait that the server asked for; 0 if it asked for none.
	RetryAfter time.Duration

	// Left is the time in which the next call must start, usually until Budget of the caller's
	// time is used.
	Left time.Duration
}

// Wait returns how long to wait before the next call. random is from 0 to 1 and must differ between
// callers. Wait reports false if no further call can be made in the time that is left.
func Wait(r Refusal, random float64) (time.Duration, bool) {
	if r.Left <= 0 || r.RetryAfter >= r.Left {
		return 0, false
	}
	longest := FirstWait
	switch {
	case r.Reason == ServerError:
		longest = serverErrorLimit
		if doublings := r.Attempt - 1; doublings < 8 {
			longest = min(serverErrorWait<<doublings, serverErrorLimit)
		}
	case r.Attempt == 2:
		longest = time.Duration(SecondShare * float64(r.Left))
	case r.Attempt > 2:
		longest = time.Duration(Share * float64(r.Left))
	}
	longest = min(longest, time.Duration(Share*float64(r.Left-r.RetryAfter)))
	wait := float64(longest) * (shortest + (1-shortest)*random)
	return r.RetryAfter + time.Duration(wait), true
}
