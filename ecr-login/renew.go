package ecrlogin

import (
	"context"
	"errors"
	"fmt"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Renew asks AWS for a new token for the registry that the server URL names, even if the one in the cache is good, and
// tells what the cache then holds. It leaves the old token in place when it fails, and is content with one that another
// process fetched meanwhile. All registries of that Token are renewed with it. A login that docker login stored
// stays as it is.
//
// Errors are those of Get, but that a host which is not ECR is ErrNotECR, and that a token which AWS gave and the
// cache could not keep is an error too: renewing it was the point.
func (h *Helper) Renew(ctx context.Context, serverURL string) (Kept, error) {
	if h.settingsErr != nil {
		return Kept{}, h.settingsErr
	}
	p, err := h.planner().For(serverURL)
	if err != nil {
		return Kept{}, err
	}
	if p.Anonymous {
		return Kept{}, notFound{errAnonymous}
	}
	ctx, cancel := context.WithTimeout(ctx, h.settings.Timeout)
	defer cancel()
	_, err = h.cache.Refresh(ctx, p.TokenKey, func(ctx context.Context) (cache.Entry, error) { return h.fetch(ctx, p, request(p)) })
	if err != nil {
		return h.kept(p), h.failure(p, err)
	}
	k := h.kept(p)
	if k.State != cache.Fresh && k.State != cache.Aging {
		return k, fmt.Errorf("AWS gave a token for %s, but the cache could not keep it: %s", p.Host, h.whyNotKept(k))
	}
	h.disk.AddHost(p.Host)
	return k, nil
}

func (h *Helper) whyNotKept(k Kept) string {
	if trouble := h.disk.Status().Problem; trouble != "" {
		return trouble
	}
	return k.Reason
}

var errAnonymous = errors.New(`settings say public = "never"`)

// Region says for which registries a token is wanted when none of them is named.
type Region struct {
	// Name is the AWS region. Empty: that of AWS_REGION, AWS_DEFAULT_REGION or the profile, in that order, as the AWS
	// command line has it. ECR Public has one region alone.
	Name string

	// Public asks for a token of ECR Public.
	Public bool

	// Endpoint is the URL of the ECR API; empty means what environment and profile say, else AWS's own.
	Endpoint string
}

// ErrNoRegion is what GetForRegion's error is (errors.Is) when no region is named anywhere.
var ErrNoRegion = errors.New("no region")

// GetForRegion returns the credentials that open every registry of a region that the principal may reach, as `aws ecr
// get-login-password` does. It shares the cache with Get. The rules of the settings, which are about
// registries, do not apply: the principal is that of the Helper's profile, else of the environment.
//
// Errors are those of Get, ErrNoRegion, or say that no partition of AWS has such a region.
func (h *Helper) GetForRegion(ctx context.Context, r Region) (Credentials, error) {
	if h.settingsErr != nil {
		return Credentials{}, h.settingsErr
	}
	ctx, cancel := context.WithTimeout(ctx, h.settings.Timeout)
	defer cancel()
	target := registry.PublicRegistry()
	if !r.Public {
		if r.Name == "" {
			found, err := h.tokens.Region(ctx, h.options.Profile)
			if err != nil {
				return Credentials{}, err
			}
			if r.Name = found; found == "" {
				return Credentials{}, ErrNoRegion
			}
		}
		var err error
		if target, err = h.settings.Parser().InRegion(r.Name); err != nil {
			return Credentials{}, err
		}
	} else if r.Name != "" && r.Name != target.Region {
		return Credentials{}, fmt.Errorf("ECR Public gives tokens in %s alone, not in %s", target.Region, r.Name)
	}
	p := h.planner().ForRegion(target, r.Endpoint)
	if p.Anonymous {
		return Credentials{}, notFound{errAnonymous}
	}
	return h.token(ctx, p)
}

// token is the plan's token, from the cache or from AWS.
func (h *Helper) token(ctx context.Context, p plan.Plan) (Credentials, error) {
	e, err := h.cache.Do(ctx, p.TokenKey, func(ctx context.Context) (cache.Entry, error) { return h.fetch(ctx, p, request(p)) })
	if err != nil {
		return Credentials{}, h.failure(p, err)
	}
	l, ok := plan.LoginOf(e.Value)
	if !ok {
		return Credentials{}, &Error{Kind: token.UnusableAnswer, Message: "the cache returned something that is no login"}
	}
	return l, nil
}
