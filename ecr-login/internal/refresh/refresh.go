// Package refresh fetches new authorization tokens before a client has to wait for them: once, or
// for as long as a context lives.
//
// It refreshes the registries that are named, or those for which a client's configuration names
// this program, and those that were used recently. It prints nothing: each Result reports what
// happened to one token.
package refresh

import (
	"context"
	"errors"
	"time"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/contents"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// maxCalls bounds the concurrent calls to AWS. A person has a handful of regions and profiles, and
// some profiles start a process or refresh an SSO session.
const maxCalls = 8

// An Outcome is a code for what happened to a token.
type Outcome string

// The outcomes. They are part of the command's JSON output.
const (
	Refreshed Outcome = "renewed"
	Fresh     Outcome = "fresh"     // not due, and not named by the user
	Login     Outcome = "login"     // docker login stored a login, which is served first and cannot be refreshed
	Anonymous Outcome = "anonymous" // ECR Public without credentials
	Failed    Outcome = "failed"
)

// A Result is what happened to one token, or to a registry that has none.
type Result struct {
	Registries []string // empty for the error of a client's file, which may concern any registry
	Outcome    Outcome

	// The times of the token in the cache, after a failure too, or of the stored login, which has
	// an expiry alone.
	Fetched, Refresh, Expires time.Time

	Err   error
	Retry time.Duration // how long a Watcher waits before it tries again
}

// A Token is one authorization token and the registries that it opens.
type Token struct {
	Hosts []string

	id     ecrlogin.TokenID
	helper *ecrlogin.Helper
	cache  *contents.Cache
	named  bool            // by the user
	cached ecrlogin.Status // the token in the cache
}

// Once refreshes the tokens of the names, or, without names, those of all known registries that are
// due. It calls report with each result in a stable order, and waiting with the token that the next
// result is about, the i-th of n.
func Once(ctx context.Context, r *Registries, names []string, waiting func(i, n int, t *Token), report func(Result)) {
	tokens, results := r.Tokens(names)
	var due []*Token
	for _, t := range tokens {
		if len(names) == 0 && t.isFresh() {
			results = append(results, t.result(Fresh))
			continue
		}
		due = append(due, t)
	}
	for _, result := range results {
		report(result)
	}
	fetchAll(ctx, due, waiting, func(_ *Token, result Result) { report(result) })
}

// fetchAll fetches some tokens at a time and reports the results in the order of the tokens.
func fetchAll(ctx context.Context, tokens []*Token, waiting func(i, n int, t *Token), report func(*Token, Result)) {
	slots := make(chan struct{}, maxCalls)
	results := make([]chan Result, len(tokens))
	for i, t := range tokens {
		results[i] = make(chan Result, 1)
		go func() {
			slots <- struct{}{}
			results[i] <- t.fetch(ctx)
			<-slots
		}()
	}
	for i, t := range tokens {
		waiting(i+1, len(tokens), t)
		report(t, <-results[i])
	}
}

// fetch requests a new token from AWS.
func (t *Token) fetch(ctx context.Context) Result {
	cached, err := t.helper.Refresh(ctx, t.Hosts[0])
	t.cached = cached
	switch {
	case err == nil:
		t.cache.AddHosts(t.Hosts...)
		return t.result(Refreshed)
	case !t.named && WithoutCredentials(err):
		return t.result(Anonymous)
	}
	result := t.result(Failed)
	result.Err = err
	return result
}

// WithoutCredentials reports whether an error means that ECR Public has to be used anonymously,
// because there are no AWS credentials.
func WithoutCredentials(err error) bool {
	var e *ecrlogin.Error
	return errors.Is(err, ecrlogin.ErrNotFound) && (!errors.As(err, &e) || e.Kind == token.NoCredentials)
}

// result returns a Result with the times of the token in the cache.
func (t *Token) result(o Outcome) Result {
	c := t.cached
	return Result{Registries: t.Hosts, Outcome: o, Fetched: c.Fetched, Refresh: c.Refresh, Expires: c.Expires}
}
