// Package plan says, without asking anybody, what a get for one server URL would do: which registry is meant,
// which rule of the settings matches, who would ask AWS, and under which keys the cache keeps the answers.
//
// It is the part of a get that a cache hit needs, and nothing more: it reads the environment and a few small
// files, opens no connection and imports no AWS SDK. A get, the early answer of a hit and explain all go
// through it, so that they cannot disagree. What it cannot know is whether AWS would agree.
package plan

import (
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/identity"
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

	// Environ looks up environment variables; nil means the process's own.
	Environ func(string) (string, bool)

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
	plan := Plan{Match: m.WithProfile(p.Profile), LoginKey: LoginKey(m.Host)}
	plan.Identity = p.fingerprint(plan.Profile, plan.Canonical)
	plan.TokenKey = tokenKey(plan)
	plan.Anonymous = plan.Registry.Service == registry.Public && p.Settings.Public == config.PublicNever
	return plan, nil
}

// LoginKey is the cache's key for a login stored for the normalised host, of ECR or not.
func LoginKey(host string) string { return "login\x00" + host }

func (p *Planner) fingerprint(profile, rule string) identity.Fingerprint {
	key := profile + "\x00" + rule
	if f, ok := p.fingerprints[key]; ok {
		return f
	}
	f := identity.Source{Environ: p.Environ, Profile: profile, Rule: rule, Kubelet: p.Account}.Fingerprint()
	if p.fingerprints == nil {
		p.fingerprints = make(map[string]identity.Fingerprint, 1)
	}
	p.fingerprints[key] = f
	return f
}

// tokenKey joins what tells one token from another. FIPS and dual-stack are in it because who asks for a FIPS
// registry expects that the FIPS endpoint issued the token. An endpoint that a rule names is there by itself;
// those of the environment and of the profile are part of the identity.
func tokenKey(p Plan) string {
	r := p.Registry
	kind := ""
	if r.FIPS {
		kind += "fips "
	}
	if r.DualStack {
		kind += "dualstack "
	}
	if r.Service == registry.Public {
		kind += "public"
	}
	return strings.Join([]string{"token", p.Identity.Sum, r.Partition, r.Region, kind, p.Endpoint}, "\x00")
}
