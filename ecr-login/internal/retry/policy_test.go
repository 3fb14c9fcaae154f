package retry_test

import (
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/retry"
)

func TestWait(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name              string
		refusal           retry.Refusal
		shortest, longest time.Duration // for random 0 and 1; both 0: no further call
	}{
		{"first throttle", retry.Refusal{Attempt: 1, Left: 13 * time.Second}, 100 * time.Millisecond, time.Second},
		{"second throttle", retry.Refusal{Attempt: 2, Left: 10 * time.Second}, 600 * time.Millisecond, 6 * time.Second},
		{"third throttle", retry.Refusal{Attempt: 3, Left: 10 * time.Second}, 900 * time.Millisecond, 9 * time.Second},
		{"ninth throttle", retry.Refusal{Attempt: 9, Left: time.Second}, 90 * time.Millisecond, 900 * time.Millisecond},
		{"first throttle, little time", retry.Refusal{Attempt: 1, Left: 500 * time.Millisecond}, 45 * time.Millisecond, 450 * time.Millisecond},
		{"Retry-After", retry.Refusal{Attempt: 1, Left: 10 * time.Second, RetryAfter: 3 * time.Second}, 3100 * time.Millisecond, 4 * time.Second},
		{"Retry-After beyond the time", retry.Refusal{Attempt: 1, Left: 2 * time.Second, RetryAfter: 2 * time.Second}, 0, 0},
		{"no time", retry.Refusal{Attempt: 1}, 0, 0},
		{"time over", retry.Refusal{Attempt: 4, Left: -time.Second}, 0, 0},
		{"first server error", retry.Refusal{Reason: retry.ServerError, Attempt: 1, Left: 10 * time.Second}, 20 * time.Millisecond, 200 * time.Millisecond},
		{"third server error", retry.Refusal{Reason: retry.ServerError, Attempt: 3, Left: 10 * time.Second}, 80 * time.Millisecond, 800 * time.Millisecond},
		{"many server errors", retry.Refusal{Reason: retry.ServerError, Attempt: 100, Left: time.Minute}, 500 * time.Millisecond, 5 * time.Second},
	} {
		for random, want := range map[float64]time.Duration{0: test.shortest, 1: test.longest} {
			got, ok := retry.Wait(test.refusal, random)
			if ok != (test.longest > 0) || (got-want).Abs() > time.Millisecond {
				t.Errorf("%s, random %v: %v, %t, want %v", test.name, random, got, ok, want)
			}
			if ok && got >= test.refusal.Left {
				t.Errorf("%s, random %v: the call would start after the time that is left", test.name, random)
			}
		}
	}
}
