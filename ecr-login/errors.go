package ecrlogin

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Error reports why AWS returned no token. It has a kind, the cause in one line and, as far as
// known, the profile, action, principal, host, proxy and stage. Its Hint method returns what to do
// about it. It contains no secret.
type Error = token.Error

// ErrNotECR is wrapped by the errors about hosts that are neither an Amazon ECR registry nor an
// alias of one.
var ErrNotECR = registry.ErrNotECR

// ErrNotFound is wrapped by the error of Get when there are no credentials for the host and the
// caller can continue without: the host is not ECR, or it is ECR Public, which allows anonymous
// pulls. The error wraps the cause too.
var ErrNotFound = errors.New("credentials not found")

// errAnonymous is the cause of ErrNotFound when the settings disable credentials for ECR Public.
var errAnonymous = errors.New(`the settings have public = "never"`)

// notFound is ErrNotFound with its cause.
type notFound struct{ cause error }

func (e notFound) Error() string   { return ErrNotFound.Error() + ": " + e.cause.Error() }
func (e notFound) Unwrap() []error { return []error{ErrNotFound, e.cause} }

// failure returns the error to report when the cache returned err instead of the fetched entry.
func (f *fetch) failure(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		e = f.timedOut(err)
	}
	if f.plan.Registry.Service == registry.Public && f.helper.allowsAnonymous(e) {
		return notFound{e}
	}
	return e
}

// timedOut returns the error of a call whose context ended.
func (f *fetch) timedOut(err error) *Error {
	e := &Error{Kind: token.Timeout, Stage: token.StageTokenWait, Err: err, Explicit: f.helper.principal != ""}
	if f.started.Load() {
		e.Stage = token.StageCredentials
	}
	switch {
	case f.late:
		e.Stage, e.Message = "", "no token was requested: "+err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		e.Message = "timed out after " + f.timeout.String() + " while " + e.Stage.Text()
	default:
		e.Message = "stopped while " + e.Stage.Text() + ": " + err.Error()
	}
	return e
}

// allowsAnonymous reports whether the caller can pull from ECR Public anonymously after e: whenever
// AWS did not grant a token, but not when the user's own configuration is wrong.
func (h *Helper) allowsAnonymous(e *Error) bool {
	return h.settings.Public != config.PublicAlways && e.Kind != token.Configuration
}

// sharedFailure is the form in which a failure is passed to the processes that wait for the same
// token.
type sharedFailure struct {
	Error *Error
}

// held marks a failure that the cache keeps for a minute also for later callers.
type held struct{ error }

func (h held) Unwrap() error { return h.error }

// withHold marks missing credentials as held when looking for them is expensive or useless: a
// metadata service that does not respond costs a second, and most users of ECR Public have no
// credentials.
func withHold(p plan.Plan, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Kind == token.NoCredentials && (p.Registry.Service == registry.Public || e.Stage == token.StageEC2) {
		return held{err}
	}
	return err
}

// encodeFailure encodes the failures that waiting processes share. A process's own deadline or
// cancellation is not shared.
func encodeFailure(err error) (data []byte, hold bool) {
	var e *Error
	if !errors.As(err, &e) || e.Kind == token.Timeout || errors.Is(err, context.Canceled) {
		return nil, false
	}
	data, jsonErr := json.Marshal(sharedFailure{e})
	if jsonErr != nil {
		return nil, false
	}
	_, hold = err.(held)
	return data, hold
}

func decodeFailure(data []byte) error {
	var s sharedFailure
	if err := json.Unmarshal(data, &s); err != nil || s.Error == nil {
		return &Error{Kind: token.Refused, Message: "another process's request for this token failed, and its reason cannot be read"}
	}
	return s.Error
}
