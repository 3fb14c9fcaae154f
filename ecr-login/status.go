package ecrlogin

import (
	"errors"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Status is what the cache holds for one registry, without secrets.
type Status struct {
	Host     string            `json:"host"`
	Registry registry.Registry `json:"registry"`

	Profile string `json:"profile,omitempty"` // the AWS profile that applies
	RoleARN string `json:"roleARN,omitempty"` // the role of the matching rule
	Source  string `json:"source"`            // the code of the source of the AWS credentials

	ProfileRole bool `json:"profileRole,omitempty"` // the profile assumes a role with the credentials of Source

	// Login is the expiry time of the login that docker login stored for this host, and that Get
	// returns before any token; zero when none is stored.
	Login time.Time `json:"login,omitzero"`

	State       cache.State `json:"-"`                // of the token
	Reason      string      `json:"reason,omitempty"` // why no token can be served
	Token       TokenID     `json:"-"`                // identifies the token
	cache.Times             // of the token
}

// TokenID identifies a token. Registries with the same TokenID share their token, so refreshing it
// for one of them refreshes it for all.
type TokenID struct{ key string }

// Status returns what the cache holds for the registry of the server URL. It makes no request. The
// error is that of the settings or wraps ErrNotECR.
func (h *Helper) Status(serverURL string) (Status, error) {
	p, err := h.plan(serverURL)
	if err != nil {
		return Status{}, err
	}
	return h.status(p), nil
}

func (h *Helper) status(p plan.Plan) Status {
	s := Status{
		Host: p.Host, Registry: p.Registry, Token: TokenID{p.TokenKey},
		Profile: p.Identity.Profile, RoleARN: p.RoleARN, Source: string(p.Identity.Kind), ProfileRole: p.Identity.Role,
	}
	if e, _, err := h.cache.Lookup(p.LoginKey); err == nil {
		s.Login = e.Times().Expires
	}
	e, state, err := h.cache.Lookup(p.TokenKey)
	s.State = state
	var miss *cache.Miss
	if errors.As(err, &miss) {
		s.Reason = miss.Reason
		return s
	}
	s.Times = e.Times()
	return s
}
