package awsconfig

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxProfiles is how many profiles may follow one another by source_profile.
const maxProfiles = 64

// Chain is where credentials come from: one source, and the roles that are assumed with them.
type Chain struct {
	Kind    Kind
	Profile string // that has the source; empty when it is not in a profile
	Named   bool   // a profile names the source by credential_source
	Roles   []Role // in the order in which they are assumed

	Keys    Keys       // for Environment and Static
	Token   TokenFile  // for WebIdentity and ProfileWebIdentity
	Portal  SSOProfile // for SSO
	Session string     // login_session, for Login
	Command string     // credential_process, for Process

	Unused []Kind // sources in the environment that others take precedence over
}

// Keys are an access key. String does not print them.
type Keys struct{ AccessKeyID, SecretAccessKey, SessionToken string }

// String returns a placeholder.
func (Keys) String() string { return "[keys]" }

// GoString returns a placeholder.
func (Keys) GoString() string { return "[keys]" }

// TokenFile is a file with a web identity token, and the role that is assumed with it.
type TokenFile struct{ Path, RoleARN, SessionName string }

// SSOProfile is a role of IAM Identity Center.
type SSOProfile struct {
	Session                               string // sso_session; empty for the older form
	StartURL, Region, AccountID, RoleName string
}

// Role is a role that a profile assumes.
type Role struct {
	Profile, ARN, ExternalID, SessionName string
	Duration                              time.Duration // 0: not set
}

// Resolve returns where the credentials come from. The error is an *Error.
func (c *Config) Resolve() (Chain, error) {
	r := resolver{Config: c}
	chain, err := r.resolve()
	if err != nil {
		return Chain{}, err
	}
	slices.Reverse(r.roles)
	chain.Roles = r.roles
	chain.Unused = c.unused(chain)
	return chain, nil
}

type resolver struct {
	*Config
	visited []string
	roles   []Role // last one first
}

func (r *resolver) resolve() (Chain, error) {
	forced := r.Input.Profile != ""
	name, isNamed := r.ProfileName()
	p, exists := r.profile(name)
	if !exists && isNamed {
		return Chain{}, r.missing(name)
	}
	if !forced {
		if chain, ok, err := r.environment(); ok || err != nil {
			return chain, err
		}
	}
	for _, f := range []File{r.Config.Config, r.Credentials} {
		if err := f.problem(); err != nil {
			return Chain{}, err
		}
	}
	if p.assumesRole() {
		return r.assumeRole(p)
	}
	chain, ok, err := r.fromProfile(p, !forced)
	if ok || err != nil {
		return chain, err
	}
	if err := r.unsupported(); err != nil {
		return Chain{}, err
	}
	if r.container() {
		return Chain{Kind: Container}, nil
	}
	return Chain{Kind: Instance}, nil
}

// environment returns the access key in the environment, if there is one.
func (c *Config) environment() (Chain, bool, error) {
	id, secret := c.env("AWS_ACCESS_KEY_ID"), c.env("AWS_SECRET_ACCESS_KEY")
	if id == "" {
		return Chain{}, false, nil
	}
	if secret == "" {
		return Chain{}, false, &Error{Code: ErrKey, Message: "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"}
	}
	token := "AWS_SECURITY_TOKEN"
	if c.env(token) == "" {
		token = "AWS_SESSION_TOKEN"
	}
	return Chain{Kind: Environment, Keys: Keys{id, secret, c.env(token)}}, true, nil
}

func (c *Config) container() bool {
	return c.env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != "" || c.env("AWS_CONTAINER_CREDENTIALS_FULL_URI") != ""
}

func (p profile) assumesRole() bool { return p.Has("role_arn") && !p.Has("web_identity_token_file") }

func (p profile) hasKey() bool { return p.Has("aws_access_key_id") || p.Has("aws_secret_access_key") }

func settingsError(profile, format string, args ...any) error {
	return &Error{Code: ErrSettings, Profile: profile, Message: fmt.Sprintf("profile %q ", profile) + fmt.Sprintf(format, args...)}
}

func (r *resolver) assumeRole(p profile) (Chain, error) {
	if p.Has("mfa_serial") {
		return Chain{}, &Error{Code: ErrMFA, Profile: p.name, Message: fmt.Sprintf(
			"profile %q requires an MFA code (mfa_serial), which a credential helper cannot prompt for", p.name)}
	}
	role := Role{Profile: p.name, ARN: p.Get("role_arn"), ExternalID: p.Get("external_id"), SessionName: p.Get("role_session_name")}
	if seconds, err := strconv.Atoi(p.Get("duration_seconds")); err == nil {
		role.Duration = time.Duration(seconds) * time.Second
	}
	r.roles = append(r.roles, role)
	r.visited = append(r.visited, p.name)

	switch source, by := p.Has("source_profile"), p.Has("credential_source"); {
	case source && by:
		return Chain{}, settingsError(p.name, "has both source_profile and credential_source")
	case by:
		return r.credentialSource(p)
	case !source:
		return Chain{}, settingsError(p.name, "has role_arn, and neither source_profile nor credential_source")
	}
	name := p.Get("source_profile")
	next, exists := r.profile(name)
	if !exists && lenient(name) != name {
		name = lenient(name)
		next, exists = r.profile(name)
	}
	switch {
	case !exists:
		e := r.missing(name)
		e.Message = fmt.Sprintf("profile %q: source_profile: %s", p.name, e.Message)
		return Chain{}, e
	case name == p.name && !next.hasKey():
		return Chain{}, settingsError(p.name, "is its own source_profile, and has no access key")
	case name != p.name && slices.Contains(r.visited, name):
		return Chain{}, settingsError(p.name, "has source_profile %q, which leads back to it", name)
	case len(r.visited) >= maxProfiles:
		return Chain{}, settingsError(r.visited[0], "follows more than %d profiles by source_profile", maxProfiles)
	}
	if !next.hasKey() && next.assumesRole() {
		return r.assumeRole(next)
	}
	chain, ok, err := r.fromProfile(next, false)
	if err == nil && !ok {
		err = settingsError(p.name, "has source_profile %q, which has no credentials", name)
	}
	return chain, err
}

func (r *resolver) credentialSource(p profile) (Chain, error) {
	switch source := p.Get("credential_source"); source {
	case "Environment":
		chain, ok, err := r.environment()
		if err == nil && !ok {
			err = settingsError(p.name, "has credential_source = Environment, and AWS_ACCESS_KEY_ID is not set")
		}
		chain.Named = true
		return chain, err
	case "EcsContainer":
		if !r.container() {
			return Chain{}, settingsError(p.name, "has credential_source = EcsContainer, and neither "+
				"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set")
		}
		return Chain{Kind: Container, Named: true, Profile: p.name}, nil
	case "Ec2InstanceMetadata":
		return Chain{Kind: Instance, Named: true, Profile: p.name}, nil
	default:
		return Chain{}, settingsError(p.name, "has credential_source = %s: it must be Environment, EcsContainer or Ec2InstanceMetadata", source)
	}
}

// fromProfile returns the profile's own credentials, and reports whether it has any.
func (r *resolver) fromProfile(p profile, useEnvironment bool) (Chain, bool, error) {
	for _, look := range [...]func(profile) (Chain, bool, error){
		func(p profile) (Chain, bool, error) { return r.webIdentity(p, useEnvironment) },
		r.sso,
		func(p profile) (Chain, bool, error) { return static(p, p.credentials, r.shown(r.Credentials.Path)) },
		func(p profile) (Chain, bool, error) {
			return Chain{Kind: Login, Profile: p.name, Session: p.Get("login_session")}, p.Has("login_session"), nil
		},
		func(p profile) (Chain, bool, error) {
			return Chain{Kind: Process, Profile: p.name, Command: p.Get("credential_process")}, p.Has("credential_process"), nil
		},
		func(p profile) (Chain, bool, error) { return static(p, p.config, r.shown(r.Config.Config.Path)) },
	} {
		if chain, ok, err := look(p); ok || err != nil {
			return chain, ok, err
		}
	}
	return Chain{}, false, nil
}

func (r *resolver) webIdentity(p profile, useEnvironment bool) (Chain, bool, error) {
	get := func(variable, key string) (value string, fromEnvironment bool) {
		if useEnvironment {
			if value, set := r.Environ.Lookup(variable); set {
				return value, true
			}
		}
		return p.Get(key), false
	}
	chain := Chain{Kind: ProfileWebIdentity, Profile: p.name}
	file, fromEnvironment := get("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file")
	if file == "" {
		return Chain{}, false, nil
	}
	if fromEnvironment {
		chain.Kind, chain.Profile = WebIdentity, ""
	}
	role, _ := get("AWS_ROLE_ARN", "role_arn")
	session, _ := get("AWS_ROLE_SESSION_NAME", "role_session_name")
	if role == "" {
		if fromEnvironment {
			return Chain{}, false, &Error{Code: ErrSettings, Message: "AWS_WEB_IDENTITY_TOKEN_FILE is set, and there is no role: AWS_ROLE_ARN is not set"}
		}
		return Chain{}, false, settingsError(p.name, "has web_identity_token_file and no role_arn")
	}
	chain.Token = TokenFile{Path: file, RoleARN: role, SessionName: session}
	return chain, true, nil
}

func (r *resolver) sso(p profile) (Chain, bool, error) {
	if !p.Has("sso_role_name") && !p.Has("sso_account_id") {
		return Chain{}, false, nil
	}
	all := p.Settings
	session := p.Get("sso_session")
	if p.Has("sso_session") {
		portal := r.Section("sso-session", session)
		if portal == nil && lenient(session) != session {
			session = lenient(session)
			portal = r.Section("sso-session", session)
		}
		if portal == nil {
			return Chain{}, false, settingsError(p.name, "has sso_session = %s, and there is no section [sso-session %s] in %s", session, session, r.shown(r.Config.Config.Path))
		}
		all = Settings{}
		for _, s := range []Settings{p.Settings, portal} {
			for key, value := range s {
				if old, ok := all[key]; ok && old != value && strings.HasPrefix(key, "sso_") {
					return Chain{}, false, settingsError(p.name, "and its sso_session %q have different values of %s", session, key)
				}
				all[key] = value
			}
		}
	}
	for _, key := range [...]string{"sso_role_name", "sso_account_id", "sso_start_url", "sso_region"} {
		if all.Get(key) == "" {
			return Chain{}, false, settingsError(p.name, "has no %s, which SSO needs", key)
		}
	}
	return Chain{Kind: SSO, Profile: p.name, Portal: SSOProfile{
		Session: session, StartURL: all.Get("sso_start_url"), Region: all.Get("sso_region"),
		AccountID: all.Get("sso_account_id"), RoleName: all.Get("sso_role_name"),
	}}, true, nil
}

// static returns the access key that one of the two files has for the profile.
func static(p profile, s Settings, path string) (Chain, bool, error) {
	if !s.Has("aws_access_key_id") {
		return Chain{}, false, nil
	}
	token := "aws_security_token"
	if !s.Has(token) {
		token = "aws_session_token"
	}
	keys := Keys{s.Get("aws_access_key_id"), s.Get("aws_secret_access_key"), s.Get(token)}
	for key, value := range map[string]string{"aws_access_key_id": keys.AccessKeyID, "aws_secret_access_key": keys.SecretAccessKey} {
		if value == "" {
			return Chain{}, false, &Error{Code: ErrKey, Profile: p.name, Message: fmt.Sprintf("profile %q has an access key without %s in %s", p.name, key, path)}
		}
	}
	return Chain{Kind: Static, Profile: p.name, Keys: keys}, true, nil
}

// unsupported returns an error when the AWS CLI would take an access key from a file of older
// tools.
func (c *Config) unsupported() error {
	files := []string{Join("/etc", "boto.cfg"), Join(c.Home, ".boto")}
	if path, set := c.Environ.Lookup("BOTO_CONFIG"); set {
		files = []string{c.expand(path)}
	}
	for _, path := range files {
		found := section(textOf(path), func(header []byte) bool { return string(header) == "Credentials" })
		if found.Has("aws_access_key_id") {
			return &Error{Code: ErrUnsupport, Message: fmt.Sprintf(
				"the AWS CLI uses the access key in %s, which this program does not support: move it to %s", path, c.shown(c.Credentials.Path))}
		}
	}
	if path := c.env("AWS_CREDENTIAL_FILE"); path != "" && strings.Contains(string(textOf(c.expand(path))), "AWSAccessKeyId") {
		return &Error{Code: ErrUnsupport, Message: fmt.Sprintf(
			"the AWS CLI uses the access key in %s (AWS_CREDENTIAL_FILE), which this program does not support: move it to %s", path, c.shown(c.Credentials.Path))}
	}
	return nil
}

// unused returns the sources in the environment that the chain does not use.
func (c *Config) unused(chain Chain) []Kind {
	var all []Kind
	fromEnvironment := c.Input.Profile == "" && !chain.Named && (chain.Kind == Environment || chain.Kind == WebIdentity)
	if name := cmp.Or(c.env("AWS_PROFILE"), c.env("AWS_DEFAULT_PROFILE")); name != "" {
		if current, _ := c.ProfileName(); fromEnvironment || name != current {
			all = append(all, NamedProfile)
		}
	}
	if c.env("AWS_ACCESS_KEY_ID") != "" && chain.Kind != Environment {
		all = append(all, Environment)
	}
	if c.env("AWS_WEB_IDENTITY_TOKEN_FILE") != "" && chain.Kind != WebIdentity {
		all = append(all, WebIdentity)
	}
	if c.container() && chain.Kind != Container {
		all = append(all, Container)
	}
	return all
}

// missing returns the error for a profile that is not in the files.
func (c *Config) missing(name string) *Error {
	e := &Error{Code: ErrProfile, Profile: name}
	for _, f := range []File{c.Config, c.Credentials} {
		if err := f.problem(); err != nil {
			e.Code, e.Message, e.Err = ErrFile, err.Error(), err
			return e
		}
	}
	e.Message = fmt.Sprintf("profile %q not found in %s or %s", name, c.shown(c.Config.Path), c.shown(c.Credentials.Path))
	if skipped := c.Skipped(); len(skipped) > 0 {
		e.Message += ": " + strings.Join(skipped, ", ")
	} else if remark := c.similar(name); remark != "" {
		e.Message += ": " + remark
	}
	return e
}

// quoteName returns the name as a section header needs it.
func quoteName(name string) string {
	if words, ok := split(name); ok && len(words) == 1 && words[0] == name {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'"'"'`) + "'"
}
