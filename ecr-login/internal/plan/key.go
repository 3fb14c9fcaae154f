package plan

import (
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/identity"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

const (
	loginPrefix = "login\x00"
	tokenPrefix = "token\x00"

	// maxLabel bounds each word that a key has for people alone. No profile, source or role has a name that long,
	// and the cache bounds the whole key.
	maxLabel = 160
)

// The words by which a key tells kinds of tokens apart.
const (
	kindFIPS      = "fips "
	kindDualStack = "dualstack "
	kindPublic    = "public"
)

// LoginKey is the cache's key for a login stored for the normalised host, of ECR or not.
func LoginKey(host string) string { return loginPrefix + host }

// tokenKey joins what tells one token from another. FIPS and dual-stack are in it because who asks for a FIPS
// registry expects that the FIPS endpoint issued the token. An endpoint that a rule names is there by itself;
// those of the environment and of the profile are part of the identity.
//
// The profile, source and role at its end tell nothing apart that the identity's sum does not. They are there for
// About: the key is kept inside the sealed entry, so a person can be told whose token that is, and a hit has not a
// byte more to read than these.
func tokenKey(p Plan, role string) string {
	return tokenPrefix + strings.Join([]string{
		p.Identity.Sum, p.Registry.Partition, p.Registry.Region, kind(p.Registry), p.Endpoint,
		label(p.Identity.Profile), source(p.Identity), label(role),
	}, "\x00")
}

func kind(r registry.Registry) string {
	k := ""
	if r.FIPS {
		k += kindFIPS
	}
	if r.DualStack {
		k += kindDualStack
	}
	if r.Service == registry.Public {
		k += kindPublic
	}
	return k
}

// rolePrefix stands before the kind of the credentials with which a profile assumes a role.
const rolePrefix = "role "

func source(f identity.Fingerprint) string {
	if f.Role {
		return rolePrefix + string(f.Kind)
	}
	return string(f.Kind)
}

func label(s string) string { return s[:min(len(s), maxLabel)] }

// About is what the key of a cache's entry tells of it: whose it is and what it opens, and nothing secret.
type About struct {
	// Host is set when the entry is a login that was stored for this host; the rest is empty then.
	Host string

	// Registry is what a token opens, in any account.
	Registry registry.Registry

	Endpoint string // of the ECR API that issued the token, when a rule named one

	Profile     string         // the AWS profile whose settings applied
	Source      awsconfig.Kind // where the principal's credentials came from
	ProfileRole bool           // the profile assumed a role with them
	RoleARN     string         // the role that the settings' rule assumed, or that of a pod's service account
}

// AboutKey reads a key back; false when it is none of a Plan's.
func AboutKey(key string) (About, bool) {
	if host, ok := strings.CutPrefix(key, loginPrefix); ok {
		return About{Host: host}, true
	}
	rest, ok := strings.CutPrefix(key, tokenPrefix)
	f := strings.Split(rest, "\x00")
	if !ok || len(f) != 8 {
		return About{}, false
	}
	r := registry.Registry{Partition: f[1], Region: f[2], Service: registry.Private}
	k := f[3]
	k, r.FIPS = strings.CutPrefix(k, kindFIPS)
	k, r.DualStack = strings.CutPrefix(k, kindDualStack)
	if k == kindPublic {
		r.Service = registry.Public
	}
	a := About{Registry: r, Endpoint: f[4], Profile: f[5], RoleARN: f[7]}
	kind, role := strings.CutPrefix(f[6], rolePrefix)
	a.Source, a.ProfileRole = awsconfig.Kind(kind), role
	return a, true
}

// Opens tells whether the entry could answer for the plan's host, were its principal the one that asks.
func (a About) Opens(p Plan) bool {
	if a.Host != "" {
		return a.Host == p.Host
	}
	r := p.Registry
	r.Account = ""
	return a.Registry == r && a.Endpoint == p.Endpoint
}
