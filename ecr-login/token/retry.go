package token

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	sdkretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/retry"
)

// networkAttempts is the number of attempts after which a broken connection, or a credential
// endpoint of the machine, is reported. It is the SDK's default for everything.
const networkAttempts = 3

// A retryer decides for all calls of one Fetch which are repeated, and when. It repeats throttled
// calls and server errors of AWS as long as the Fetch has time.
type retryer struct {
	*sdkretry.Standard
	started, deadline time.Time     // of the Fetch
	once              bool          // a valid token is available: AWS's refusal is final
	local             func() bool   // reports whether the call goes to a local credential endpoint
	attempts          atomic.Uint32 // of the call that was refused last
}

// newRetryer returns the retryer for this Fetch; nil for the SDK's, if the Fetch may take any time.
func (f *fetch) newRetryer(ctx context.Context) *retryer {
	deadline, ok := ctx.Deadline()
	if !ok {
		return nil
	}
	r := &retryer{started: f.started, deadline: deadline, once: f.request.Once, local: f.calls.isLocal}
	r.Standard = sdkretry.NewStandard(func(o *sdkretry.StandardOptions) {
		o.RateLimiter = ratelimit.None
		o.Retryables = append(o.Retryables, sdkretry.RetryableHTTPStatusCode{
			Codes: map[int]struct{}{http.StatusTooManyRequests: {}},
		})
	})
	return r
}

// gaveUp is the error of a call that is not repeated any more.
type gaveUp struct{ error }

func (g gaveUp) Unwrap() error { return g.error }

// MaxAttempts returns 0, for no limit, for calls to AWS: RetryDelay ends the attempts. The SDK's
// client of the metadata service has waits of its own and never calls RetryDelay.
func (r *retryer) MaxAttempts() int {
	if r.local() {
		return networkAttempts
	}
	return 0
}

// RetryDelay returns the wait before the next attempt, or an error that wraps err if there is none.
func (r *retryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	r.attempts.Store(uint32(attempt))
	response := responseOf(err)
	reason := retry.ServerError
	switch {
	case r.local():
		return r.Standard.RetryDelay(attempt, err)
	case isThrottled(err, response):
		reason = retry.Throttled
	case response.status < http.StatusInternalServerError:
		if attempt >= networkAttempts {
			return 0, gaveUp{err}
		}
		return r.Standard.RetryDelay(attempt, err)
	}
	if r.once {
		return 0, gaveUp{err}
	}
	budget := time.Duration(retry.Budget * float64(r.deadline.Sub(r.started)))
	wait, ok := retry.Wait(retry.Refusal{
		Reason:     reason,
		Attempt:    attempt,
		RetryAfter: retryAfter(response.header),
		Left:       budget - time.Since(r.started),
	}, rand.Float64())
	if !ok {
		return 0, gaveUp{err}
	}
	return wait, nil
}

// isThrottled reports whether AWS refused a call because of a rate limit.
func isThrottled(err error, r response) bool {
	var refused smithy.APIError
	if errors.As(err, &refused) {
		code := refused.ErrorCode()
		if _, throttled := sdkretry.DefaultThrottleErrorCodes[code]; throttled || code == "SlowDownException" {
			return true
		}
	}
	return r.status == http.StatusTooManyRequests
}

// retryAfter returns the wait that a response asks for (RFC 9110, section 10.2.3); 0 for none.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

var _ aws.RetryerV2 = (*retryer)(nil)
