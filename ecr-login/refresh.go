package ecrlogin

import (
	"context"
	"fmt"

	"github.com/4e881efc/ecr-credential-helper/cache"
)

// Refresh requests a new token for the registry of the server URL, even if the cached one is still
// valid, and returns what the cache then holds. All registries of the Status's Token are refreshed
// with it. When Refresh fails the old token stays. A token that another process fetched meanwhile
// is accepted as new. A login that docker login stored is not changed.
//
// The errors are those of Get, except that a host that is not ECR gives ErrNotECR, and that a token
// which could not be cached is an error too.
func (h *Helper) Refresh(ctx context.Context, serverURL string) (Status, error) {
	o := h.observe()
	s, err := h.refresh(ctx, serverURL, &o)
	o.end(ctx, Credentials{Expires: s.Expires}, err)
	return s, err
}

func (h *Helper) refresh(ctx context.Context, serverURL string, o *observation) (Status, error) {
	p, err := h.plan(serverURL)
	if err != nil {
		o.Host = h.hostOf(serverURL)
		return Status{}, err
	}
	o.Host, o.Region = p.Host, p.Registry.Region
	if p.Anonymous {
		return Status{}, notFound{errAnonymous}
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	f, _, err := h.fetch(ctx, p, nil, h.cache.Refresh)
	p = f.plan
	if err != nil {
		return h.status(p), f.failure(err)
	}
	o.Outcome = Shared
	if f.started.Load() {
		o.Outcome = Fetched
	}
	s := h.status(p)
	if s.State != cache.Fresh && s.State != cache.Aging {
		reason := h.disk.Status().Problem
		if reason == "" {
			reason = s.Reason
		}
		return s, fmt.Errorf("AWS returned a token for %s, but it could not be cached: %s", p.Host, reason)
	}
	h.addHost(p.Host)
	return s, nil
}
