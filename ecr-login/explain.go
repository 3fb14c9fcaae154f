package ecrlogin

import (
	"context"
	"errors"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Verdict is a code for what Get would do.
type Verdict string

// The verdicts.
const (
	ServeLogin   Verdict = "serve-login"  // return the login stored for this host, from the cache
	ServeToken   Verdict = "serve-token"  // return the principal's token, from the cache
	Refresh      Verdict = "refresh"      // refresh the aging token in the cache, or return it
	RequestToken Verdict = "ask-aws"      // request a token from AWS
	CallFallback Verdict = "ask-fallback" // call the fallback helper: the host is not ECR
	NotFound     Verdict = "not-found"    // the host is not ECR, or it is ECR Public and the settings have public = "never"
	Fail         Verdict = "fail"         // the settings or the AWS configuration cannot be used
)

// Explanation describes what Get would do for one server URL, and why.
type Explanation struct {
	ServerURL string             `json:"serverURL"`
	Host      string             `json:"host,omitempty"`
	Registry  *registry.Registry `json:"registry,omitempty"`

	Settings string `json:"settings,omitempty"` // the settings file; empty when there is none
	Line     int    `json:"line,omitempty"`     // of the rule that matched; 0 when none did
	Match    string `json:"match,omitempty"`    // the rule's pattern
	Alias    string `json:"alias,omitempty"`    // the registry's own host name, when Host is an alias

	Profile string `json:"profile,omitempty"` // the AWS profile that applies
	RoleARN string `json:"roleARN,omitempty"` // the role of the rule
	Source  string `json:"source,omitempty"`  // the code of the source of the AWS credentials

	// Unused are the codes of what is set and not used, because Source comes first: sources in the
	// environment, and the profile or role of the rule.
	Unused []string `json:"unused,omitempty"`

	ProfileRole bool `json:"profileRole,omitempty"` // the profile assumes a role with the credentials of Source

	ECR string `json:"ecr,omitempty"` // URL for GetAuthorizationToken
	STS string `json:"sts,omitempty"` // URL of STS, when a role is assumed

	// CABundle is the file of CA certificates that AWS's certificates are verified with; empty
	// means those of the system.
	CABundle string `json:"caBundle,omitempty"`

	Fallback string `json:"fallback,omitempty"` // the helper for hosts that are not ECR

	Cache  cache.Status `json:"cache"`
	State  string       `json:"state,omitempty"`  // of the cache entry: fresh, aging, expired, absent
	Reason string       `json:"reason,omitempty"` // why the cache has nothing to serve
	cache.Times

	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why"` // the reason for the verdict
}

// Explain returns what Get would do for the server URL now. It makes no request and changes
// nothing.
func (h *Helper) Explain(ctx context.Context, serverURL string) Explanation {
	x := Explanation{ServerURL: serverURL, Settings: h.settings.Path, Fallback: h.settings.Fallback, Cache: h.disk.Status()}
	p, err := h.plan(serverURL)
	if errors.Is(err, ErrNotECR) {
		x.Verdict, x.Why = NotFound, err.Error()
		if h.hasFallback() {
			x.Verdict, x.Why = CallFallback, err.Error()+"; the fallback helper "+progname.Prefix+h.settings.Fallback+" is called"
		}
		return x
	}
	if err != nil {
		x.Verdict, x.Why = Fail, err.Error()
		return x
	}
	x.explainPlan(h, p)
	if p.Anonymous {
		x.Verdict, x.Why = NotFound, errAnonymous.Error()
		return x
	}
	endpoints, err := h.tokens.Endpoints(ctx, request(p))
	x.ECR, x.STS, x.CABundle = endpoints.ECR, endpoints.STS, endpoints.CABundle
	x.explainCache(h, p)
	if x.Verdict == RequestToken && err != nil {
		x.Verdict, x.Why = Fail, err.Error()
	}
	return x
}

func (x *Explanation) explainPlan(h *Helper, p plan.Plan) {
	x.Host, x.Registry = p.Host, &p.Registry
	x.Profile, x.RoleARN, x.Source, x.ProfileRole = p.Identity.Profile, p.RoleARN, string(p.Identity.Kind), p.Identity.Role
	for _, kind := range p.Unused() {
		x.Unused = append(x.Unused, string(kind))
	}
	if p.Rule == nil {
		return
	}
	x.Line, x.Match = p.Rule.Line, p.Rule.Match
	if p.Rule.Host != "" {
		x.Alias = h.settings.Parser().Host(p.Registry)
	}
}

func (x *Explanation) explainCache(h *Helper, p plan.Plan) {
	e, state, err := h.cache.Lookup(p.LoginKey)
	if err == nil {
		x.Verdict, x.Why = ServeLogin, "docker login stored a login for this host"
	} else {
		e, state, err = h.cache.Lookup(p.TokenKey)
	}
	x.State = state.String()
	var miss *cache.Miss
	if errors.As(err, &miss) {
		x.Reason = miss.Reason
	}
	if err == nil {
		x.Times = e.Times()
	}
	switch {
	case x.Verdict != "":
	case state == cache.Fresh:
		x.Verdict, x.Why = ServeToken, "the token in the cache is fresh"
	case state == cache.Aging:
		x.Verdict, x.Why = Refresh, "the token in the cache is past its refresh point: one process refreshes it, the others use it"
	default:
		x.Verdict, x.Why = RequestToken, "the cache has no token for this principal, region and endpoint"
	}
}
