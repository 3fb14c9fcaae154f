package ecrlogin

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Error says why AWS gave no token: its Kind, the cause in one line, and whatever of profile, action, principal,
// host, proxy and stage is known. Its Hint says what to do. It holds no secret.
type Error = token.Error

// ErrNotECR is in the chain of errors about hosts that are no Amazon ECR registry and no alias of one.
var ErrNotECR = registry.ErrNotECR

// ErrNotFound is what Get's error is (errors.Is) when there are no credentials for the host and the caller may
// go on without: the host is not ECR, or it is ECR Public, where pulls work anonymously. The error's text and
// chain say which.
var ErrNotFound = errors.New("credentials not found")

// notFound is ErrNotFound with its cause.
type notFound struct{ cause error }

func (e notFound) Error() string   { return ErrNotFound.Error() + ": " + e.cause.Error() }
func (e notFound) Unwrap() []error { return []error{ErrNotFound, e.cause} }

// failure says what the error of a cache's Do means to the caller.
func (h *Helper) failure(p plan.Plan, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Kind: token.Timeout, Stage: "waiting for another process that asks AWS", Err: err}
		e.Message = "timed out after " + h.settings.Timeout.String() + " while " + e.Stage
		if !errors.Is(err, context.DeadlineExceeded) {
			e.Message = "gave up while " + e.Stage + ": " + err.Error()
		}
	}
	if p.Registry.Service == registry.Public && h.mayBeAnonymous(e) {
		return notFound{e}
	}
	return e
}

// mayBeAnonymous tells whether a failure leaves an anonymous pull from ECR Public as the better answer: wherever
// AWS did not grant a token, but not where the person's own configuration is broken.
func (h *Helper) mayBeAnonymous(e *Error) bool {
	return h.settings.Public != "always" && e.Kind != token.Configuration
}

// shared is the form in which a refusal is passed to the processes that wait for the same answer.
type shared struct {
	Error *Error
}

// held marks a refusal that is not worth asking about again at once.
type held struct{ error }

func (h held) Unwrap() error { return h.error }

// withHold marks a lack of credentials for ECR Public: it is what most people have, and looking for credentials
// can cost a second of waiting for a metadata service that is not there.
func withHold(p plan.Plan, err error) error {
	var e *Error
	if p.Registry.Service == registry.Public && errors.As(err, &e) && e.Kind == token.NoCredentials {
		return held{err}
	}
	return err
}

// encodeFailure decides which failures are shared: all but those that are only this process's own, its deadline
// and its cancellation.
func encodeFailure(err error) (data []byte, hold bool) {
	var e *Error
	if !errors.As(err, &e) || e.Kind == token.Timeout || errors.Is(err, context.Canceled) {
		return nil, false
	}
	data, jsonErr := json.Marshal(shared{e})
	if jsonErr != nil {
		return nil, false
	}
	_, hold = err.(held)
	return data, hold
}

func decodeFailure(data []byte) error {
	var s shared
	if err := json.Unmarshal(data, &s); err != nil || s.Error == nil {
		return &Error{Kind: token.Refused, Message: "another process was refused, and left no reason"}
	}
	return s.Error
}
