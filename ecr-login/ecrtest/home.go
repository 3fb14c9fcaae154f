package ecrtest

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Home is the home directory of an AWS user: shared config and credentials files, token caches, and
// an environment. Each method for a source of credentials adds to the files and returns the
// complete environment in which a program finds exactly that source. Several goroutines must not
// use one Home at the same time.
type Home struct {
	// Dir is the directory.
	Dir string
	// Region is the value of AWS_REGION and AWS_DEFAULT_REGION in the environments. "" omits them.
	Region string
	// Proxy makes the program use the server's proxy instead of an endpoint, so that it calls AWS's
	// own host names. See Server.Hosts.
	Proxy bool

	s *Server
}

// Home returns the home directory of a user without credentials, in the existing directory dir.
func (s *Server) Home(dir string) *Home {
	h := &Home{Dir: dir, Region: Region, s: s}
	h.write(".aws/config", nil)
	h.write(".aws/credentials", nil)
	return h
}

// Env returns the environment of a program without credentials, with more variables added. It is
// complete: of this process's environment it contains only PATH.
func (h *Home) Env(more ...string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + h.Dir,
		"USERPROFILE=" + h.Dir,
		"AWS_CONFIG_FILE=" + h.path(".aws/config"),
		"AWS_SHARED_CREDENTIALS_FILE=" + h.path(".aws/credentials"),
	}
	if h.Region != "" {
		// The AWS command line and boto3 read only the second name.
		env = append(env, "AWS_REGION="+h.Region, "AWS_DEFAULT_REGION="+h.Region)
	}
	if h.Proxy {
		env = append(env, "HTTPS_PROXY="+h.s.ProxyURL, "AWS_CA_BUNDLE="+h.s.CAFile)
	} else {
		env = append(env, "AWS_ENDPOINT_URL="+h.s.URL)
		// The SDK's clients that fetch credentials read only the variables of their own service.
		for _, service := range []string{"STS", "SSO", "SSO_OIDC", "SIGNIN"} {
			env = append(env, "AWS_ENDPOINT_URL_"+service+"="+h.s.URL)
		}
	}
	metadata := "AWS_EC2_METADATA_DISABLED=true"
	for _, v := range more {
		if strings.HasPrefix(v, "AWS_EC2_METADATA_SERVICE_ENDPOINT=") {
			metadata = "AWS_EC2_METADATA_DISABLED=false"
		}
	}
	return append(append(env, metadata), more...)
}

// Config appends lines to the shared config file.
func (h *Home) Config(lines ...string) { h.append(".aws/config", lines) }

// Environment returns an environment that contains the credentials.
func (h *Home) Environment(c Credentials) []string { return h.Env(c.Env()...) }

// Keys writes an access key to the shared credentials file.
func (h *Home) Keys(profile string, c Credentials) []string {
	lines := []string{
		"[" + profile + "]",
		"aws_access_key_id = " + c.AccessKeyID,
		"aws_secret_access_key = " + c.SecretAccessKey,
	}
	if c.SessionToken != "" {
		lines = append(lines, "aws_session_token = "+c.SessionToken)
	}
	h.append(".aws/credentials", lines)
	return h.profile(profile)
}

// AssumeRole adds a role to the server and a profile that assumes it with the credentials of
// another profile. When source is "Environment", "Ec2InstanceMetadata" or "EcsContainer", it uses
// that credential_source, and the caller adds the variables of that source.
func (h *Home) AssumeRole(profile, source string, role Role) []string {
	h.s.AddRole(role)
	by := "source_profile = " + source
	switch source {
	case "Environment", "Ec2InstanceMetadata", "EcsContainer":
		by = "credential_source = " + source
	}
	h.section(profile, "role_arn = "+role.ARN, by, "role_session_name = "+sessionName)
	if role.ExternalID != "" {
		h.Config("external_id = " + role.ExternalID)
	}
	return h.profile(profile)
}

// sessionName is the session name of every role that a Home's profiles assume.
const sessionName = "ecrtest"

// WebIdentity sets up a role that is assumed with a web identity token in a file: by a profile, or,
// when profile is "", by the environment as in a Kubernetes pod. The role's Subject must be set.
// The file is <Dir>/.aws/web-identity-token. Writing another token to it is a rotation.
func (h *Home) WebIdentity(profile string, role Role) []string {
	h.s.AddRole(role)
	file := h.write(".aws/web-identity-token", []byte(h.s.NewWebIdentityToken(role.Subject, time.Hour)))
	if profile == "" {
		return h.Env("AWS_WEB_IDENTITY_TOKEN_FILE="+file, "AWS_ROLE_ARN="+role.ARN, "AWS_ROLE_SESSION_NAME="+sessionName)
	}
	h.section(profile, "role_arn = "+role.ARN, "web_identity_token_file = "+file, "role_session_name = "+sessionName)
	return h.profile(profile)
}

// SSO writes a profile of IAM Identity Center and the session's token file. The session's name in
// the config file is name. "" writes the older form without a name, which cannot be refreshed.
func (h *Home) SSO(profile, name string, session SSOSession, role Assignment) []string {
	lines := []string{"sso_account_id = " + role.Account, "sso_role_name = " + role.Role}
	portal := []string{"sso_start_url = " + session.StartURL, "sso_region = " + session.Region}
	key := name
	if name == "" {
		h.section(profile, append(lines, portal...)...)
		key = session.StartURL
	} else {
		h.section(profile, append(lines, "sso_session = "+name)...)
		h.Config(append([]string{"[sso-session " + name + "]"}, portal...)...)
	}
	sum := sha1.Sum([]byte(key))
	h.writeJSON(".aws/sso/cache/"+hex.EncodeToString(sum[:])+".json", session)
	return h.profile(profile)
}

// Login writes a profile of `aws login` and the session's token file.
func (h *Home) Login(profile, arn string, session LoginSession) []string {
	h.section(profile, "login_session = "+arn)
	sum := sha256.Sum256([]byte(arn))
	h.writeJSON(".aws/login/cache/"+hex.EncodeToString(sum[:])+".json", session)
	return h.profile(profile)
}

// ECS returns an environment with a task's role, from the ECS agent at an absolute URL.
func (h *Home) ECS(roleARN string) []string {
	const token = "not-a-real-agent-token"
	return h.Env("AWS_CONTAINER_CREDENTIALS_FULL_URI="+h.s.URL+h.s.AddContainer(roleARN, token),
		"AWS_CONTAINER_AUTHORIZATION_TOKEN="+token)
}

// PodIdentity returns an environment with a pod's role, from the EKS Pod Identity agent. The
// service account token is in <Dir>/.aws/pod-identity-token.
func (h *Home) PodIdentity(roleARN string) []string {
	token := h.s.NewWebIdentityToken("system:serviceaccount:default:builder", time.Hour)
	file := h.write(".aws/pod-identity-token", []byte(token))
	return h.Env("AWS_CONTAINER_CREDENTIALS_FULL_URI="+h.s.URL+h.s.AddPod(roleARN, token),
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="+file)
}

// EC2 returns an environment with the instance's role, which SetInstanceRole changes.
func (h *Home) EC2() []string {
	return h.Env("AWS_EC2_METADATA_SERVICE_ENDPOINT=" + h.s.URL)
}

func (h *Home) profile(name string) []string { return h.Env("AWS_PROFILE=" + name) }

func (h *Home) section(profile string, lines ...string) {
	head := "[profile " + profile + "]"
	if profile == "default" {
		head = "[default]"
	}
	h.Config(append([]string{head}, lines...)...)
}

func (h *Home) path(name string) string { return filepath.Join(h.Dir, filepath.FromSlash(name)) }

func (h *Home) write(name string, data []byte) string {
	path := h.path(name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		h.s.fatal(fmt.Errorf("writing a home directory: %w", err))
	}
	return path
}

func (h *Home) writeJSON(name string, v any) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		h.s.fatal(fmt.Errorf("writing %q: %w", name, err))
	}
	h.write(name, data)
}

func (h *Home) append(name string, lines []string) {
	path := h.path(name)
	old, err := os.ReadFile(path)
	if err != nil {
		h.s.fatal(fmt.Errorf("reading a home directory: %w", err))
	}
	h.write(name, append(old, strings.Join(lines, "\n")+"\n"...))
}
