// Package plan determines what a get for one server URL would do: the registry, the matching rule
// of the settings, the principal that would call AWS, and the keys of the cache entries.
//
// It does the part of a get that a cache hit needs: it reads the environment and a few small files,
// opens no connection and imports no AWS SDK. A get, a cache hit and explain all use it, so that
// they cannot disagree. It does not know whether AWS would issue a token.
package plan

import (
	"slices"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/identity"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Planner holds what all server URLs of one call have in common. The zero value plans without
// settings, for the principal of the environment. It stores the fingerprints that it computed: use
// a new Planner for each call, in one goroutine.
type Planner struct {
	Settings config.Settings

	// Profile is the AWS profile in the program's name. It comes before the rules of the settings.
	Profile string

	// Account is the service account of the pod for which the kubelet requests credentials; nil if
	// the kubelet passed none.
	Account *identity.ServiceAccount

	// Environ is the environment; nil is that of the process.
	Environ environ.Lookup

	// Principal names the credentials that a Go program passed. If it is set, neither the
	// environment nor a file decides who requests the token.
	Principal string

	// Memo remembers fingerprints between calls; nil makes each call read the environment and
	// files.
	Memo *Memo

	// fingerprints has those computed so far, by profile and rule. A list of hundreds of hosts
	// shares a few.
	fingerprints map[memoKey]identity.Fingerprint
}

// Plan is what a get for one server URL would do.
type Plan struct {
	// Match is the registry and the rule, with its placeholders replaced. Without a profile in it,
	// the environment and the default profile decide on the principal.
	config.Match

	// Identity names the principal's source.
	Identity identity.Fingerprint

	source    identity.Source // of Identity
	principal string          // of the Planner
	role      string          // the role in TokenKey

	isProfileReplaced bool // the Planner's profile replaces the profile or role of the rule

	// TokenKey is the cache key of the authorization token. It has no account: one token is valid
	// for every registry that its principal may use.
	TokenKey string

	// LoginKey is the cache key of a login that docker login stored for the host.
	LoginKey string

	// Anonymous reports that no credentials are to be sent: ECR Public with public = "never".
	Anonymous bool
}

// For returns the plan of a get. The error wraps registry.ErrNotECR for a host that is neither ECR
// nor an alias.
func (p *Planner) For(serverURL string) (Plan, error) {
	m, err := p.Settings.Match(serverURL)
	if err != nil {
		return Plan{}, err
	}
	return p.ForMatch(m), nil
}

// ForMatch returns the plan of a get for a server URL that was matched with the settings before.
func (p *Planner) ForMatch(m config.Match) Plan {
	plan := Plan{Match: m.WithProfile(p.Profile), LoginKey: LoginKey(m.Host)}
	plan.isProfileReplaced = p.Profile != "" && (p.Profile != m.Profile || m.RoleARN != "")
	plan.role = plan.RoleARN
	if p.Account != nil {
		plan.role = p.Account.RoleARN
	}
	p.identify(&plan, plan.Profile, plan.Canonical)
	plan.Anonymous = p.anonymous(plan.Registry)
	return plan
}

// ForRegion returns the plan for a token of every registry of a region, or of ECR Public if r is
// that. The rules of the settings do not apply, because they match registries. The endpoint is that
// of the ECR API; empty means the configured one. Without a host there is no stored login.
func (p *Planner) ForRegion(r registry.Registry, endpoint string) Plan {
	var plan Plan
	plan.Registry, plan.Profile, plan.Endpoint = r, p.Profile, endpoint
	p.identify(&plan, p.Profile, "")
	plan.Anonymous = p.anonymous(r)
	return plan
}

func (p *Planner) anonymous(r registry.Registry) bool {
	return r.Service == registry.Public && p.Settings.Public == config.PublicNever
}

// identify sets the plan's fingerprint and token key.
func (p *Planner) identify(plan *Plan, profile, rule string) {
	plan.source = identity.Source{Environ: p.Environ, Profile: profile, Rule: rule, Kubelet: p.Account}
	plan.principal = p.Principal
	plan.Identity = p.fingerprint(plan.source)
	plan.TokenKey = tokenKey(*plan, plan.role)
}

func (p *Planner) fingerprint(s identity.Source) identity.Fingerprint {
	key := memoKey{s.Profile, s.Rule}
	switch {
	case p.Memo != nil && s.Kubelet == nil:
		return p.Memo.fingerprint(key, s, p.Principal)
	case p.Principal != "":
		return identity.Explicit(p.Principal, s.Rule, s.Kubelet)
	}
	f, ok := p.fingerprints[key]
	if !ok {
		f = s.Fingerprint()
		if p.fingerprints == nil {
			p.fingerprints = make(map[memoKey]identity.Fingerprint, 1)
		}
		p.fingerprints[key] = f
	}
	return f
}

// Unused returns what is set and not used, because the source of Identity comes first: sources in
// the environment, and the profile or role of the rule.
func (p Plan) Unused() []awsconfig.Kind {
	all := slices.Clone(p.Identity.Unused)
	if p.Rule != nil && (p.Rule.Profile != "" || p.Rule.RoleARN != "") && p.isProfileReplaced {
		all = append(all, awsconfig.Rule)
	}
	return all
}

// Again returns the plan with the principal's source read again. Its TokenKey differs when the
// source has changed.
func (p Plan) Again() Plan {
	if p.principal != "" {
		return p
	}
	p.Identity = p.source.Fingerprint()
	p.TokenKey = tokenKey(p, p.role)
	return p
}
