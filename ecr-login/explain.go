package ecrlogin

import (
	"context"
	"errors"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Verdict is what a get would do now, in one word.
type Verdict string

// What a get would do now.
const (
	ServeLogin  Verdict = "serve-login"  // the login stored for this host, from the cache
	ServeToken  Verdict = "serve-token"  // the principal's token, from the cache
	Refresh     Verdict = "refresh"      // the token from the cache is aging: renew it, or serve it
	AskAWS      Verdict = "ask-aws"      // nothing to serve
	AskFallback Verdict = "ask-fallback" // not ECR, and a fallback helper is set
	NotFound    Verdict = "not-found"    // not ECR, or ECR Public that the settings want anonymous
	Fail        Verdict = "fail"         // the settings are broken
)

// Explanation is how a get for one server URL would come about. It is made without any network, and changes
// nothing.
type Explanation struct {
	ServerURL string             `json:"serverURL"`
	Host      string             `json:"host,omitempty"`
	Registry  *registry.Registry `json:"registry,omitempty"`

	Settings string `json:"settings,omitempty"` // the settings file; empty when there is none
	Line     int    `json:"line,omitempty"`     // of the rule that matched; 0 when none did
	Match    string `json:"match,omitempty"`    // the rule's pattern
	Alias    string `json:"alias,omitempty"`    // the registry's own host, when the host asked for is another name of it

	Profile string `json:"profile,omitempty"` // the AWS profile that applies
	RoleARN string `json:"roleARN,omitempty"` // the role that the rule assumes
	Source  string `json:"source,omitempty"`  // code of where the credentials would come from

	ProfileRole bool `json:"profileRole,omitempty"` // the profile assumes a role with them

	ECR string `json:"ecr,omitempty"` // URL that GetAuthorizationToken would be sent to
	STS string `json:"sts,omitempty"` // URL that STS would be asked at, when a role is assumed

	CABundle string `json:"caBundle,omitempty"` // file of the authorities that AWS's certificates are checked against; empty: the system's

	Fallback string `json:"fallback,omitempty"` // the helper that gets hosts which are not ECR

	Cache   cache.Status `json:"cache"`
	State   string       `json:"state,omitempty"`  // of the entry that a get would look at: fresh, aging, expired, absent
	Reason  string       `json:"reason,omitempty"` // why there is nothing to serve
	Fetched time.Time    `json:"fetched,omitzero"`
	Refresh time.Time    `json:"refresh,omitzero"` // from when on it is aging
	Expires time.Time    `json:"expires,omitzero"`

	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why"` // the verdict in words
}

// Explain tells what Get would do for the server URL now, and why.
func (h *Helper) Explain(ctx context.Context, serverURL string) Explanation {
	x := Explanation{ServerURL: serverURL, Settings: h.settings.Path, Fallback: h.settings.Fallback, Cache: h.disk.Status()}
	if h.settingsErr != nil {
		x.Verdict, x.Why = Fail, h.settingsErr.Error()
		return x
	}
	p, err := h.planner().For(serverURL)
	if errors.Is(err, registry.ErrNotECR) {
		x.Verdict, x.Why = NotFound, err.Error()
		if h.mayFallBack() {
			x.Verdict, x.Why = AskFallback, err.Error()+", so docker-credential-"+h.settings.Fallback+" is asked"
		}
		return x
	}
	if err != nil {
		x.Verdict, x.Why = Fail, err.Error()
		return x
	}
	x.explainPlan(h, p)
	if p.Anonymous {
		x.Verdict, x.Why = NotFound, `the settings say public = "never"`
		return x
	}
	endpoints, err := h.tokens.Endpoints(ctx, request(p))
	x.ECR, x.STS, x.CABundle = endpoints.ECR, endpoints.STS, endpoints.CABundle
	x.explainCache(h, p)
	if x.Verdict == AskAWS && err != nil {
		x.Verdict, x.Why = Fail, err.Error()
	}
	return x
}

func (x *Explanation) explainPlan(h *Helper, p plan.Plan) {
	x.Host, x.Registry = p.Host, &p.Registry
	x.Profile, x.RoleARN, x.Source, x.ProfileRole = p.Identity.Profile, p.RoleARN, string(p.Identity.Kind), p.Identity.Role
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
		x.Verdict, x.Why = ServeLogin, "a login was stored for this host, by docker login"
	} else {
		e, state, err = h.cache.Lookup(p.TokenKey)
	}
	x.State = state.String()
	var miss *cache.Miss
	if errors.As(err, &miss) {
		x.Reason = miss.Reason
	}
	if err == nil {
		x.Fetched, x.Refresh, x.Expires = e.Fetched, e.Fetched.Add(e.Refresh), e.Fetched.Add(e.Lifetime)
	}
	switch {
	case x.Verdict != "":
	case state == cache.Fresh:
		x.Verdict, x.Why = ServeToken, "the token in the cache is fresh"
	case state == cache.Aging:
		x.Verdict, x.Why = Refresh, "the token in the cache is past its refresh point: one process renews it, every other is served"
	default:
		x.Verdict, x.Why = AskAWS, "the cache holds no token for this principal, region and endpoint"
	}
}

// request is the plan in the words of package token.
func request(p plan.Plan) token.Request {
	return token.Request{
		Registry:    p.Registry,
		Profile:     p.Profile,
		RoleARN:     p.RoleARN,
		ExternalID:  p.ExternalID,
		SessionName: p.SessionName,
		STSRegion:   p.STSRegion,
		Endpoint:    p.Endpoint,
	}
}
