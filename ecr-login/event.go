package ecrlogin

import (
	"context"
	"errors"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Event is the result of one call, for Options.Observe.
type Event struct {
	Host      string // the registry's host; empty for GetForRegion
	Region    string // the registry's region; empty for a host that is not ECR
	Principal string // Options.Principal
	Outcome   Outcome
	Kind      Kind          // of the error, if it is an *Error
	Took      time.Duration // of the whole call
	Expires   time.Time     // of the credentials; zero when there are none
}

// Kind is the kind of failure that an Error reports.
type Kind = token.Kind

// Outcome is a code for where the result of a call comes from.
type Outcome string

// The outcomes. Each call has exactly one.
const (
	Hit       Outcome = "hit"       // from the cache, fresh, or a stored login
	Refreshed Outcome = "refreshed" // from AWS, in place of a token that is still valid
	Stale     Outcome = "stale"     // from the cache, aging: another caller refreshes it, or the refresh failed
	Fetched   Outcome = "fetched"   // from AWS, because the cache had no valid token
	Shared    Outcome = "shared"    // from AWS, fetched by another caller or process meanwhile
	Anonymous Outcome = "anonymous" // ErrNotFound for ECR Public: pulls are anonymous
	NotECR    Outcome = "not-ecr"   // not an ECR registry, also if a fallback helper was called
	Failed    Outcome = "failed"    // any other error
)

// An observation becomes the Event of a call.
type observation struct {
	helper  *Helper
	start   time.Time
	timeout time.Duration // for requests to AWS
	Event
}

// observe begins the observation of a call.
func (h *Helper) observe() observation {
	o := observation{helper: h, timeout: h.settings.Timeout}
	if h.options.Observe != nil || h.debugs() {
		o.start = time.Now()
	}
	return o
}

// end reports the result of the call.
func (o *observation) end(ctx context.Context, c Credentials, err error) {
	h := o.helper
	if h.options.Observe == nil {
		return
	}
	o.Principal, o.Took, o.Expires = h.options.Principal, time.Since(o.start), c.Expires
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			o.Kind = e.Kind
		}
		switch {
		case errors.Is(err, ErrNotECR):
			o.Outcome = NotECR
		case errors.Is(err, ErrNotFound):
			o.Outcome = Anonymous
		case o.Outcome != NotECR:
			o.Outcome = Failed
		}
	}
	h.options.Observe(ctx, o.Event)
}
