package ecrlogin

import (
	"context"
	"errors"
	"fmt"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Region selects the registries that GetForRegion returns credentials for.
type Region struct {
	// Name is the AWS region. Empty means the region in AWS_REGION, AWS_DEFAULT_REGION or the
	// profile, in this order, as in the AWS CLI. ECR Public has a single region.
	Name string

	// Public selects ECR Public instead of the private registries of the region.
	Public bool

	// Endpoint is the URL of the ECR API; empty means that of the environment or the profile, else
	// that of AWS.
	Endpoint string
}

// ErrNoRegion is wrapped by the error of GetForRegion when no region is configured.
var ErrNoRegion = errors.New("no region")

// GetForRegion returns the credentials for every registry of a region that the principal may use,
// as `aws ecr get-login-password` does. It shares the cache with Get. The rules of the settings do
// not apply, because they match registries: the principal is that of the Helper's profile, else of
// the environment.
//
// The error is one of Get, ErrNoRegion, or reports that no partition of AWS has such a region.
func (h *Helper) GetForRegion(ctx context.Context, r Region) (Credentials, error) {
	o := h.observe()
	c, err := h.getForRegion(ctx, r, &o)
	o.end(ctx, c, err)
	return c, err
}

func (h *Helper) getForRegion(ctx context.Context, r Region, o *observation) (Credentials, error) {
	planner, err := h.planner()
	if err != nil {
		return Credentials{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, h.settings.Timeout)
	defer cancel()
	target, err := h.registryIn(ctx, r)
	if err != nil {
		return Credentials{}, err
	}
	o.Region = target.Region
	p := planner.ForRegion(target, r.Endpoint)
	if p.Anonymous {
		return Credentials{}, notFound{errAnonymous}
	}
	return h.token(ctx, &p, nil, o)
}

// registryIn returns a registry without an account that stands for all registries of the region.
func (h *Helper) registryIn(ctx context.Context, r Region) (registry.Registry, error) {
	if r.Public {
		public := registry.PublicRegistry()
		if r.Name != "" && r.Name != public.Region {
			return registry.Registry{}, fmt.Errorf("ECR Public issues tokens only in %s, not in %s", public.Region, r.Name)
		}
		return public, nil
	}
	if r.Name == "" {
		found, err := h.tokens.Region(ctx, h.options.Profile)
		if err != nil {
			return registry.Registry{}, err
		}
		if r.Name = found; found == "" {
			return registry.Registry{}, ErrNoRegion
		}
	}
	return h.settings.Parser().InRegion(r.Name)
}
