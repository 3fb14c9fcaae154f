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

	// maxLabel bounds each label at the end of a key, because the cache bounds the whole key. Usual
	// names of profiles and roles are shorter.
	maxLabel = 160
)

// The parts of a key for the kind of endpoint.
const (
	kindFIPS      = "fips "
	kindDualStack = "dualstack "
	kindPublic    = "public"
)

// LoginKey returns the cache key of a login stored for the normalized host, which need not be ECR.
func LoginKey(host string) string { return loginPrefix + host }

// tokenKey returns the cache key of the plan's token. FIPS and dual-stack are part of it, because
// the token for a FIPS registry must come from the FIPS endpoint. The endpoint in it is that of a
// rule; those of the environment and the profile are part of the identity.
//
// The profile, source and role at the end are labels for AboutKey. The identity's sum alone
// distinguishes the keys. The key is stored encrypted within its entry.
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

// About is what the key of a cache entry contains: the principal's source and the registries that
// the entry is valid for. It has no secret.
type About struct {
	// Host is the host of a stored login; all other fields are then empty.
	Host string

	// Registry is what a token is valid for, in any account.
	Registry registry.Registry

	Endpoint string // of the ECR API that issued the token, if a rule has one

	Profile     string         // the AWS profile whose settings applied
	Source      awsconfig.Kind // where the principal's credentials came from
	ProfileRole bool           // the profile assumed a role with them
	RoleARN     string         // the role that the rule assumed, or that of a pod's service account
}

// AboutKey parses a key, and reports whether it is one of a Plan.
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

// Opens reports whether the entry is valid for the plan's host, regardless of the principal.
func (a About) Opens(p Plan) bool {
	if a.Host != "" {
		return a.Host == p.Host
	}
	r := p.Registry
	r.Account = ""
	return a.Registry == r && a.Endpoint == p.Endpoint
}
