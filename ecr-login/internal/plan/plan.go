// Package plan says, without asking anybody, what a get for one server URL would do: which registry is meant,
// which rule of the settings matches, who would ask AWS, and under which keys the cache keeps the answers.
//
// It is the part of a get that a cache hit needs, and nothing more: it reads the environment and a few small
// files, opens no connection and imports no AWS SDK. A get, the early answer of a hit and explain all go
// through it, so that they cannot disagree. What it cannot know is whether AWS would agree.
package plan

import (
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/identity"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Planner holds what is the same for every server URL of one question. The zero value plans without settings,
// for the environment's own principal. It remembers the fingerprints it made: use a new one for a new question,
// and from one goroutine.
type Planner struct {
	Settings config.Settings

	// Profile is the AWS profile that the program's name carries; it wins over the settings' rules.
	Profile string

	// Account is set when the kubelet asks on behalf of a pod.
	Account *identity.ServiceAccount

	// Environ is the environment; nil is that of the process.
	Environ environ.Lookup

	// Principal names the credentials that a Go program passed. If it is set, neither the environment
	// nor a file decides who requests the token.
	Principal string

	// Memo remembers fingerprints between calls; nil makes each call read the environment and files.
	Memo *Memo

	// fingerprints holds the answers for the rules seen so far: list asks for hundreds of hosts that share one.
	fingerprints map[string]identity.Fingerprint
}

// Plan is what a get for one server URL would do.
type Plan struct {
	// Match is the registry, the rule, and what decides the principal, placeholders filled in. With neither
	// profile nor role the environment and the default profile decide, as the AWS SDK reads them.
	config.Match

	// Identity names the principal's source.
	Identity identity.Fingerprint

	source    identity.Source // of Identity
	principal string          // of the Planner
	role      string          // the role in TokenKey

	// TokenKey is the cache's key for the authorization token. It holds no account: one token opens every
	// registry that its principal may reach.
	TokenKey string

	// LoginKey is the cache's key for a login that was stored for this very host.
	LoginKey string

	// Anonymous says that the settings want no credentials sent: ECR Public with public = "never".
	Anonymous bool
}

// For plans a get. The error wraps registry.ErrNotECR for hosts that are neither ECR nor an alias.
func (p *Planner) For(serverURL string) (Plan, error) {
	m, err := p.Settings.Match(serverURL)
	if err != nil {
		return Plan{}, err
	}
	return p.ForMatch(m), nil
}

// ForMatch plans a get for a server URL that the settings were matched with already.
func (p *Planner) ForMatch(m config.Match) Plan {
	plan := Plan{Match: m.WithProfile(p.Profile), LoginKey: LoginKey(m.Host)}
	plan.role = plan.RoleARN
	if p.Account != nil {
		plan.role = p.Account.RoleARN
	}
	p.identify(&plan, plan.Profile, plan.Canonical)
	plan.Anonymous = p.anonymous(plan.Registry)
	return plan
}

// ForRegion plans what no registry's name asks for: a token for every registry of a region, or for ECR Public when r
// is that. The settings' rules are about registries, so none applies. An endpoint that is not empty is that of the
// ECR API. There is no host, and so no login stored for one.
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
	key := profile + "\x00" + rule
	f, ok := p.fingerprints[key]
	if !ok {
		f = p.fingerprint(key, plan.source)
		if p.fingerprints == nil {
			p.fingerprints = make(map[string]identity.Fingerprint, 1)
		}
		p.fingerprints[key] = f
	}
	plan.Identity = f
	plan.TokenKey = tokenKey(*plan, plan.role)
}

func (p *Planner) fingerprint(key string, s identity.Source) identity.Fingerprint {
	switch {
	case p.Principal != "":
		return identity.Explicit(p.Principal, s.Rule, s.Kubelet)
	case p.Memo != nil && s.Kubelet == nil:
		return p.Memo.fingerprint(key, s)
	}
	return s.Fingerprint()
}

// Again returns the plan with the principal's source read again. Its TokenKey differs when the source
// has changed.
func (p Plan) Again() Plan {
	if p.principal != "" {
		return p
	}
	p.Identity = p.source.Fingerprint()
	p.TokenKey = tokenKey(p, p.role)
	return p
}
