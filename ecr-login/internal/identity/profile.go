package identity

import (
	"crypto/fips140"
	"crypto/sha1" // names files, as the AWS SDK and CLI do; nothing relies on its strength
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

// maxChain is how many profiles are followed by source_profile. The SDK has no
// limit but that no profile comes twice.
const maxChain = 16

// sharedFiles are the texts of the shared config and credentials files.
type sharedFiles struct{ config, credentials []byte }

// addSharedFiles adds the bytes of the files where the SDK looks for profiles.
func (s Source) addSharedFiles(q *sequence) sharedFiles {
	config := s.addSharedFile(q, "AWS_CONFIG_FILE", "config")
	credentials := s.addSharedFile(q, "AWS_SHARED_CREDENTIALS_FILE", "credentials")
	return sharedFiles{q.at(config), q.at(credentials)}
}

func (s Source) addSharedFile(q *sequence, variable, name string) span {
	q.add(name)
	path := s.env(variable)
	if path == "" {
		path = below(s.Home, ".aws", name)
	}
	return q.addFile(path)
}

// profile is what both files say of a profile. The credentials file is the later
// one and overrides the config file key by key (mergeSections in the SDK).
func (f sharedFiles) profile(name string) settings {
	// Where [profile x] is, [x] in the config file does not count; without it,
	// [x] counts for the default profile alone (processConfigSections).
	s := readSection(f.config, "profile "+name)
	if !s.found && strings.EqualFold(name, "default") {
		s = readSection(f.config, name)
	}
	over := readSection(f.credentials, name)
	if !over.found {
		return s
	}
	if !s.found {
		return over
	}
	for _, key := range mergedKeys {
		if value := *over.field(key); value != nil {
			*s.field(key) = value
		}
	}
	return s
}

var mergedKeys = [...]string{
	"aws_access_key_id", "aws_secret_access_key",
	"role_arn", "source_profile", "credential_source", "credential_process", "web_identity_token_file",
	"sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name", "login_session",
}

// chain is what following a profile found.
type chain struct {
	missing bool           // the profile is not there
	broken  bool           // one that it names is not there
	role    bool           // a role is assumed
	kind    awsconfig.Kind // of the last profile; empty when it has no credentials
}

// followProfile adds what the profile and those it names by source_profile
// point to outside the files, and says where the credentials come from.
func (s Source) followProfile(q *sequence, files sharedFiles, name string) (c chain) {
	seen := make([]string, 0, 4)
	for len(seen) < maxChain {
		p := files.profile(name)
		if !p.found {
			c.missing, c.broken = len(seen) == 0, len(seen) > 0
			return c
		}
		s.addSessions(q, p)

		first, again := len(seen) == 0, slices.Contains(seen, name)
		hasKey := len(p.accessKey) > 0 && len(p.secretKey) > 0
		c.role = c.role || len(p.roleARN) > 0
		// A profile that is its own source, or its source's, gives its credentials.
		if again || len(p.sourceProfile) == 0 || !first && hasKey {
			c.kind = p.kind()
			return c
		}
		seen = append(seen, name)
		name = string(p.sourceProfile)
	}
	return c
}

// kind says where a profile's own credentials come from, in the order of
// resolveCredsFromProfile in the SDK. It is empty when the profile has none.
func (p *settings) kind() awsconfig.Kind {
	switch {
	case len(p.accessKey) > 0 && len(p.secretKey) > 0:
		return awsconfig.Static
	case len(p.credentialSource) > 0:
		switch string(p.credentialSource) {
		case "Environment":
			return awsconfig.Environment
		case "EcsContainer":
			return awsconfig.Container
		}
		return awsconfig.Instance
	case len(p.webIdentityTokenFile) > 0:
		return awsconfig.ProfileWebIdentity
	case len(p.ssoSession) > 0 || len(p.ssoStartURL) > 0 || len(p.ssoRegion) > 0 || len(p.ssoAccount) > 0 || len(p.ssoRole) > 0:
		return awsconfig.SSO
	case len(p.loginSession) > 0:
		return awsconfig.Login
	case len(p.credentialProcess) > 0:
		return awsconfig.Process
	}
	return ""
}

// addSessions adds the state of the files that hold a profile's sessions and
// tokens. They are found as ssocreds and logincreds in the SDK find them.
func (s Source) addSessions(q *sequence, p settings) {
	if key := p.ssoSession; len(key) > 0 || len(p.ssoStartURL) > 0 {
		if len(key) == 0 {
			key = p.ssoStartURL
		}
		// The name of a file needs no approved hash function.
		var sum [sha1.Size]byte
		fips140.WithoutEnforcement(func() { sum = sha1.Sum(key) })
		q.add("sso")
		q.addPresence(below(s.Home, ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json"))
	}
	if session := strings.TrimSpace(string(p.loginSession)); session != "" {
		dir := s.env("AWS_LOGIN_CACHE_DIRECTORY")
		if dir == "" {
			dir = below(s.Home, ".aws", "login", "cache")
		}
		sum := sha256.Sum256([]byte(session))
		q.add("login")
		q.addPresence(below(dir, hex.EncodeToString(sum[:])+".json"))
	}
	if path := string(p.webIdentityTokenFile); path != "" {
		q.add("web identity")
		q.addTokenFile(path)
	}
	if len(p.credentialProcess) > 0 {
		// What such a program reads is mostly in the home folder.
		q.add("process")
		q.add(s.Home)
	}
}

// kind says where the credentials come from, in the order of the SDK's chain.
func (s Source) kind(c chain) (kind awsconfig.Kind, role bool) {
	env := func(name string) bool { return s.env(name) != "" }
	forced := s.Profile != ""
	switch {
	case s.Kubelet != nil:
		return awsconfig.ServiceAccount, false
	case !forced && (env("AWS_ACCESS_KEY_ID") || env("AWS_ACCESS_KEY")) &&
		(env("AWS_SECRET_ACCESS_KEY") || env("AWS_SECRET_KEY")):
		return awsconfig.Environment, false
	case !forced && env("AWS_WEB_IDENTITY_TOKEN_FILE"):
		return awsconfig.WebIdentity, false
	// The SDK fails when a profile that was asked for is missing, and goes on
	// when it is the default one or named by AWS_DEFAULT_PROFILE.
	case c.broken || c.missing && (forced || env("AWS_PROFILE")):
		return awsconfig.MissingProfile, false
	}
	kind = c.kind
	if kind == "" {
		kind = awsconfig.Instance
		if env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || env("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
			kind = awsconfig.Container
		}
	}
	return kind, c.role
}
