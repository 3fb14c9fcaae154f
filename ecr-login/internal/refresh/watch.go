package refresh

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
)

const (
	// lookEvery is how often a Watcher looks for new registries, and for tokens that another
	// process refreshed. The first token of a new registry is fetched by the client that needs it,
	// so nothing waits for this.
	lookEvery = 5 * time.Minute

	// minRest is the shortest rest between two rounds: an error in the calculation of a rest costs
	// at most one call a second.
	minRest = time.Second

	// minBetween is the shortest time between two refreshes of a token. A session that is about to
	// end makes the token due again at once. A token with less time left is refreshed at half of
	// that.
	minBetween = time.Minute

	// firstRetry is the wait after the first failure. It doubles with each further failure.
	firstRetry = 2 * time.Second

	// maxRetry bounds the wait while the old token is valid: when AWS answers for only a minute
	// during a long outage, no token is lost.
	maxRetry = time.Minute

	// maxRetryExpired bounds the wait when no valid token is left: the next get calls AWS itself.
	maxRetryExpired = 15 * time.Minute
)

// A Watcher refreshes each token at its refresh point. Unchanged results are reported once: an
// outage of hours is one report.
type Watcher struct {
	// Find returns the registries as they are configured now. It is called every few minutes.
	Find func() *Registries

	// Names are the registries to refresh; none means all known ones.
	Names []string

	// Report is called with each result.
	Report func(Result)

	// Now is the clock that tokens are measured with.
	Now func() time.Time

	wait   func(ctx context.Context, d time.Duration)
	random func() float64 // from 0 to 1

	attempts map[ecrlogin.TokenID]attempt
	reported map[string]string // the last report about each registry without a token
}

// An attempt is the state of one token after the last attempt to refresh it.
type attempt struct {
	failures int
	next     time.Time // the earliest time of the next attempt
	reported string    // the last report about the token
}

// Run refreshes tokens until the context ends.
func (w *Watcher) Run(ctx context.Context) {
	w.attempts, w.reported = map[ecrlogin.TokenID]attempt{}, map[string]string{}
	if w.wait == nil {
		w.wait, w.random = sleep, rand.Float64
	}
	for ctx.Err() == nil {
		rest := w.round(ctx)
		if ctx.Err() == nil {
			w.wait(ctx, max(rest, minRest))
		}
	}
}

// sleep returns after d, or when the context ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// round refreshes the tokens that are due, and returns the time until the next one is.
func (w *Watcher) round(ctx context.Context) time.Duration {
	tokens, results := w.Find().Tokens(w.Names)
	for _, result := range results {
		w.reportOnce(result)
	}
	known := make(map[ecrlogin.TokenID]attempt, len(tokens))
	var due []*Token
	now := w.Now()
	for _, t := range tokens {
		a := w.attempts[t.id]
		if a.failures > 0 && t.isFresh() {
			a = attempt{reported: a.reported} // another process refreshed it
		}
		if !dueAt(t, a).After(now) {
			due = append(due, t)
		} else if a.failures == 0 && t.isFresh() && a.reported == "" {
			w.report(&a, t.result(Fresh))
		}
		known[t.id] = a
	}
	w.attempts = known
	fetchAll(ctx, due, func(int, int, *Token) {}, func(t *Token, result Result) {
		if ctx.Err() == nil {
			w.finish(t, result)
		}
	})
	rest := lookEvery
	now = w.Now()
	for _, t := range tokens {
		rest = min(rest, dueAt(t, w.attempts[t.id]).Sub(now))
	}
	return rest
}

// dueAt returns when the token is to be refreshed.
func dueAt(t *Token, a attempt) time.Time {
	valid := t.cached.State == cache.Fresh || t.cached.State == cache.Aging
	if valid && t.cached.Refresh.After(a.next) {
		return t.cached.Refresh
	}
	return a.next
}

// finish records the result of an attempt and when to try again, and reports it.
func (w *Watcher) finish(t *Token, result Result) {
	now := w.Now()
	a := w.attempts[t.id]
	remaining := result.Expires.Sub(now)
	switch result.Outcome {
	case Refreshed:
		a.failures, a.next = 0, now.Add(min(minBetween, remaining/2))
	case Anonymous:
		a.failures, a.next = 0, now.Add(maxRetryExpired)
	default:
		a.failures++
		result.Retry = retryAfter(a.failures, remaining, w.random())
		a.next = now.Add(result.Retry)
	}
	w.report(&a, result)
	w.attempts[t.id] = a
}

// retryAfter returns the wait after a number of failures in a row, for a token with the remaining
// lifetime: random, between half and all of a time that doubles, so that machines which failed
// together do not retry together.
func retryAfter(failures int, remaining time.Duration, random float64) time.Duration {
	bound := maxRetryExpired
	if remaining > 0 {
		bound = maxRetry
	}
	d := firstRetry
	for i := 1; i < failures && d < bound; i++ {
		d *= 2
	}
	return time.Duration(float64(min(d, bound)) * (1 + random) / 2)
}

// report reports a result of a token, unless it is a repetition.
func (w *Watcher) report(a *attempt, result Result) {
	key := result.key()
	if result.Outcome == Refreshed || a.reported != key {
		w.Report(result)
	}
	a.reported = key
}

// reportOnce reports a result that has no token, unless it is a repetition.
func (w *Watcher) reportOnce(result Result) {
	subject, key := strings.Join(result.Registries, " "), result.key()
	if subject == "" {
		subject = key
	}
	if w.reported[subject] != key {
		w.reported[subject] = key
		w.Report(result)
	}
}

// key is equal for results that a person would read as the same.
func (r Result) key() string {
	if r.Err != nil {
		return string(r.Outcome) + " " + r.Err.Error()
	}
	return string(r.Outcome)
}
