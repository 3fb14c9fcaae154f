// Package identity names the source of the AWS principal that a request would have, without a call
// to AWS.
//
// Its promise: [Source.Fingerprint] stays the same as long as the principal's source is the same,
// and changes with any edit to that source. So a token can be stored under it and found again
// without a call to AWS. The source is what package awsconfig resolves: environment variables, the
// shared config and credentials files, the rule of the helper's settings, the forced profile. Data
// that rotates while the principal stays the same is left out: the bytes of a web identity token
// (only its issuer and subject are used), the contents of a session's cache file (only whether it
// exists is used). Secrets enter a SHA-256 sum and go nowhere else.
//
// Its limits: it does not notice another user who logs in to the same SSO session, another role
// behind the same instance or container endpoint, a credential process that returns other
// credentials, or an edit to a file that only such a process reads. A token stored under a
// fingerprint must therefore be refreshed after a while.
package identity

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"runtime"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
)

// Source is where a principal comes from. The zero value is the environment of the process, with
// the profile that it names.
type Source struct {
	// Environ is the environment; nil is that of the process.
	Environ environ.Lookup

	// Home is the user's home directory; see awsconfig.Input.
	Home string

	// Profile is forced by the program's name or by a rule; access keys in the environment are then
	// not used. Empty: AWS_PROFILE, AWS_DEFAULT_PROFILE, else default.
	Profile string

	// Rule is the canonical text of the settings rule that matched.
	Rule string

	// Machine identifies this machine, whose role EC2 and container credentials belong to. Empty:
	// the boot ID of the Linux kernel, the host name elsewhere.
	Machine string

	// Kubelet is the service account whose token the kubelet passed; nil when it passed none.
	Kubelet *ServiceAccount
}

// ServiceAccount is a Kubernetes service account that assumes an IAM role.
type ServiceAccount struct {
	Namespace, Name, UID string
	RoleARN              string // the role that is assumed with the account's token
}

// Fingerprint identifies a principal's source.
type Fingerprint struct {
	Sum     string           // SHA-256 in hexadecimal digits
	Profile string           // the profile whose settings apply
	Kind    awsconfig.Kind   // where the credentials come from
	Role    bool             // a profile assumes a role with them
	Unused  []awsconfig.Kind // sources in the environment that are not used

	Files []string // the files that were read or looked for

	Err error // why there is no source: an *awsconfig.Error

	Config *awsconfig.Config // the files that were read
}

// scheme begins every sequence. Raise its number when the sequence changes its meaning: all stored
// tokens are then not found.
const scheme = "ecr-login identity 2"

// Fingerprint reads the source. A file that cannot be read is part of the fingerprint, as an
// unreadable file.
func (s Source) Fingerprint() Fingerprint {
	c := awsconfig.Load(awsconfig.Input{Environ: s.Environ, Home: s.Home, Profile: s.Profile})
	q := &sequence{bytes: make([]byte, 0, firstSize), files: []string{c.Config.Path, c.Credentials.Path}}
	if s.Home == "" && homeVariable(s.Environ) == "" {
		q.files = append(q.files, "/etc/passwd")
	}
	q.add(scheme)
	for _, name := range Variables {
		s.addVariable(q, name)
	}
	for _, name := range tokenFiles {
		if path := environ.Get(s.Environ, name); path != "" {
			q.add(name)
			q.addTokenFile(path)
		}
	}
	q.add("rule")
	q.add(s.Rule)
	q.add("profile")
	q.add(s.Profile)
	q.add("config")
	q.addFile(c.Config.Path, c.Config.Text, c.Config.Err)
	q.add("credentials")
	q.addFile(c.Credentials.Path, c.Credentials.Text, c.Credentials.Err)

	f := Fingerprint{Kind: awsconfig.ServiceAccount, Config: c}
	f.Profile, _ = c.ProfileName()
	if k := s.Kubelet; k != nil {
		q.addAccount(k)
	} else {
		chain, err := c.Resolve()
		f.Kind, f.Role, f.Unused, f.Err = chain.Kind, len(chain.Roles) > 0, chain.Unused, err
		if e, ok := err.(*awsconfig.Error); ok {
			f.Kind = awsconfig.Invalid
			if e.Code == awsconfig.ErrProfile {
				f.Kind = awsconfig.MissingProfile
			}
		}
		s.addChain(q, c, chain)
	}
	sum := sha256.Sum256(q.bytes)
	f.Sum, f.Files = hex.EncodeToString(sum[:]), q.files
	return f
}

// homeVariable returns the home directory in the environment.
func homeVariable(lookup environ.Lookup) string {
	if runtime.GOOS == "windows" {
		return environ.Get(lookup, "USERPROFILE")
	}
	return environ.Get(lookup, "HOME")
}

// addChain adds what the source of the credentials has outside the shared files and the
// environment variables.
func (s Source) addChain(q *sequence, c *awsconfig.Config, chain awsconfig.Chain) {
	q.add(string(chain.Kind))
	switch chain.Kind {
	case awsconfig.SSO:
		q.addPresence(c.SSOTokenFile(chain.Portal))
	case awsconfig.Login:
		q.addPresence(c.LoginTokenFile(chain.Session))
	case awsconfig.ProfileWebIdentity:
		q.addTokenFile(chain.Token.Path)
	case awsconfig.Process:
		q.add(c.Home) // most files that such a program reads are in the home directory
	case awsconfig.Container, awsconfig.Instance:
		q.add(cmp.Or(s.Machine, machine())) // a cache directory may be shared with machines that have other roles
	}
}
