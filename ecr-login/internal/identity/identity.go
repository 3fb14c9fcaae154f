// Package identity tells which AWS principal would answer a request, without
// asking AWS.
//
// Its promise: [Source.Fingerprint] is the same for as long as the principal's
// source is the same, and another one after any edit to that source. So a token
// can be kept under it, and found again with no call to AWS. The source is what
// the AWS SDK reads before it makes a call: environment variables, the shared
// config and credentials files, the rule of the helper's settings, the forced
// profile. What rotates by itself while the principal stays the same is left
// out: the bytes of a web identity token (its issuer and subject count), the
// contents of an SSO or aws login session's cache file (that it is there
// counts). Secrets enter a SHA-256 sum and go nowhere else.
//
// Its limits: it cannot see another user logging in to the same SSO session, a
// role exchanged behind the same instance or container endpoint, a credential
// process that answers differently, or an edit to a file that only such a
// process reads. A token kept under a fingerprint must therefore be asked anew
// after a while. It reads regular files alone and never waits for one.
//
// The rules are those of github.com/aws/aws-sdk-go-v2/config, from which the
// order of the credential chain, the file locations and the reading of the
// files are taken: env_config.go, shared_config.go, resolve_credentials.go.
package identity

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
)

// Source is where a principal comes from. The zero value is this process's own
// environment, with the profile that the AWS SDK would take.
type Source struct {
	// Environ is the environment; nil is that of the process.
	Environ environ.Lookup

	// Home is the user's home folder. Empty: HOME (USERPROFILE on Windows) and,
	// when that is not set, the one /etc/passwd has for this user, as in the SDK.
	Home string

	// Profile is one forced by the program's name or by a rule; the SDK then
	// looks at no other credentials. Empty: AWS_PROFILE, AWS_DEFAULT_PROFILE,
	// else default.
	Profile string

	// Rule is the canonical text of the settings rule that matched.
	Rule string

	// Kubelet is the service account whose token the kubelet passed, nil when
	// the kubelet does not ask or passed none.
	Kubelet *ServiceAccount
}

// ServiceAccount is a Kubernetes service account that stands for an IAM role.
type ServiceAccount struct {
	Namespace, Name, UID string
	RoleARN              string // the role that is assumed with the account's token
}

// Fingerprint names a principal's source.
type Fingerprint struct {
	Sum     string         // SHA-256 in hexadecimal digits
	Profile string         // the profile whose settings apply
	Kind    awsconfig.Kind // where the credentials come from
	Role    bool           // the profile assumes a role with them
}

// scheme begins every sequence. Another number makes every kept token a miss:
// raise it when the sequence changes its meaning.
const scheme = "ecr-login identity 1"

// Fingerprint reads the source. It never fails: what cannot be read counts as
// just that.
func (s Source) Fingerprint() Fingerprint {
	s.Home = s.home()
	q := newSequence()
	q.add(scheme)
	for _, name := range Variables {
		s.addVariable(q, name)
	}
	for _, name := range tokenFiles {
		if path := s.env(name); path != "" {
			q.add(name)
			q.addTokenFile(path)
		}
	}
	q.add("rule")
	q.add(s.Rule)
	q.add("profile")
	q.add(s.Profile)

	profile := s.profileName()
	files := s.addSharedFiles(q)
	found := s.followProfile(q, files, profile)
	if k := s.Kubelet; k != nil {
		q.add("service account")
		q.add(k.Namespace)
		q.add(k.Name)
		q.add(k.UID)
		q.add(k.RoleARN)
	}

	sum := sha256.Sum256(q.bytes)
	f := Fingerprint{Sum: hex.EncodeToString(sum[:]), Profile: profile}
	f.Kind, f.Role = s.kind(found)
	return f
}

// env is a variable's value; the SDK takes an empty one for none.
func (s Source) env(name string) string {
	return environ.Get(s.Environ, name)
}

// profileName is the profile that the SDK would load.
func (s Source) profileName() string {
	for _, name := range [...]string{s.Profile, s.env("AWS_PROFILE"), s.env("AWS_DEFAULT_PROFILE")} {
		if name != "" {
			return name
		}
	}
	return "default"
}
