package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A mistake is something that a person has set up wrongly, or that has ended, and what they must hear of it.
type mistake struct {
	name string

	// make sets the home folder up and returns the environment.
	make func(t testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string

	host     string   // asked for; the usual one when empty
	settings string   // the settings file, when there is one
	retried  bool     // may pass by itself: the SDK tries again, and waits in between
	others   string   // what a program that is started says itself on standard error, before us
	message  []string // parts of the one line on standard output
	hint     string   // part of the hint; empty where the message says it all and there is none
}

const (
	developer = "arn:aws:iam::123456789012:user/developer"
	roleARN   = "arn:aws:iam::123456789012:role/puller"
)

var assignment = ecrtest.Assignment{Account: ecrtest.Account, Role: "Puller"}

var mistakes = []mistake{
	{
		name: "unknown profile",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			home.Keys("prod", s.AddUser(developer))
			return home.Env("AWS_PROFILE=pord")
		},
		message: []string{`profile "pord" not found in ~/.aws/config or ~/.aws/credentials`},
		hint:    "check ~/.aws/config",
	},
	{
		name: "unknown profile in a rule",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return home.Keys("prod", s.AddUser(developer))
		},
		settings: "[[registry]]\nmatch = \"*\"\nprofile = \"prd\"\n",
		message:  []string{`profile "prd" not found in ~/.aws/config or ~/.aws/credentials`},
		hint:     "check ~/.aws/config",
	},
	{
		name: "source_profile that does not exist",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return home.AssumeRole("prod", "bsae", ecrtest.Role{ARN: roleARN})
		},
		message: []string{`profile "prod": source_profile: profile "bsae" not found in ~/.aws/config or ~/.aws/credentials`},
		hint:    "check ~/.aws/config",
	},
	{
		name:    "no credentials at all",
		make:    func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string { return home.Env() },
		message: []string{"no AWS credentials", "AWS_ACCESS_KEY_ID is not set", "metadata service is disabled"},
		hint:    "run `aws configure` or `aws login`",
	},
	{
		name: "half an access key",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return home.Env("AWS_SECRET_ACCESS_KEY=" + s.AddUser(developer).SecretAccessKey)
		},
		message: []string{"AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"},
		hint:    "run `aws configure` or `aws login`",
	},
	{
		name: "access key that was deleted",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			c := s.AddUser(developer)
			s.RemoveCredentials(c.AccessKeyID)
			return home.Keys("prod", c)
		},
		message: []string{"ECR at ", "UnrecognizedClientException"},
		hint:    "check the access key: aws sts get-caller-identity --profile prod",
	},
	{
		name: "secret key mistyped",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			c := s.AddUser(developer)
			c.SecretAccessKey += "-mistyped"
			return home.Environment(c)
		},
		message: []string{"ECR at ", "InvalidSignatureException: The request signature"},
		hint:    "check the access key: aws sts get-caller-identity",
	},
	{
		name: "session token in the environment expired",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			s.SetSessionLife(-time.Minute)
			return home.Environment(s.NewSession("arn:aws:sts::123456789012:assumed-role/puller/developer"))
		},
		message: []string{"ECR at ", "ExpiredTokenException"},
		hint:    "the session credentials have expired: get new ones",
	},
	{
		name: "no permission",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			s.Deny(getToken)
			return home.Environment(s.AddUser(developer))
		},
		message: []string{"access denied", developer, "is not allowed to call ecr:GetAuthorizationToken", "no identity-based policy allows"},
		hint:    "allow ecr:GetAuthorizationToken in a policy of that principal",
	},
	{
		name: "role that does not trust the caller",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			home.Keys("base", s.AddUser(developer))
			return home.AssumeRole("prod", "base", ecrtest.Role{ARN: roleARN, Trusted: []string{"arn:aws:iam::123456789012:user/other"}})
		},
		message: []string{"access denied", developer, "is not allowed to assume the role " + roleARN, "sts:AssumeRole"},
		hint:    "trust policy",
	},
	{
		name: "role of a rule with the wrong external id",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			s.AddRole(ecrtest.Role{ARN: "arn:aws:iam::123456789012:role/partner", ExternalID: "external-id-for-tests"})
			return home.Keys("base", s.AddUser(developer))
		},
		settings: "[[registry]]\nmatch = \"123456789012\"\nrole_arn = \"arn:{partition}:iam::{account}:role/partner\"\nexternal_id = \"other\"\nprofile = \"base\"\n",
		message:  []string{"access denied", developer, "is not allowed to assume the role arn:aws:iam::123456789012:role/partner"},
		hint:     "trust policy",
	},
	{
		name: "MFA demanded",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			home.Keys("base", s.AddUser(developer))
			env := home.AssumeRole("prod", "base", ecrtest.Role{ARN: roleARN})
			home.Config("mfa_serial = arn:aws:iam::123456789012:mfa/developer")
			return env
		},
		message: []string{`profile "prod" requires an MFA code (mfa_serial)`},
		hint:    "use credentials that need no MFA code here",
	},
	{
		name: "SSO session expired",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			session := s.NewSSOSession("developer", -time.Hour, assignment)
			s.EndSSOSession(session)
			return home.SSO("work", "corporate", session, assignment)
		},
		message: []string{`the SSO session of profile "work" has expired`},
		hint:    "run: aws sso login --sso-session corporate",
	},
	{
		name: "SSO session of the older form expired",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return home.SSO("older", "", s.NewSSOSession("developer", -time.Hour, assignment), assignment)
		},
		message: []string{`the SSO session of profile "older" has expired`},
		hint:    "run: aws sso login --profile older",
	},
	{
		name: "SSO session that AWS ended",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			session := s.NewSSOSession("developer", time.Hour, assignment)
			s.EndSSOSession(session)
			return home.SSO("ended", "corporate", session, assignment)
		},
		message: []string{`the SSO session of profile "ended" has expired`},
		hint:    "run: aws sso login --sso-session corporate",
	},
	{
		name: "SSO never logged in",
		make: func(t testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			env := home.SSO("work", "corporate", s.NewSSOSession("developer", time.Hour, assignment), assignment)
			if err := os.RemoveAll(filepath.Join(home.Dir, ".aws", "sso")); err != nil {
				t.Fatal(err)
			}
			return env
		},
		message: []string{`profile "work" is not logged in`, "no cached SSO session"},
		hint:    "run: aws sso login --sso-session corporate",
	},
	{
		name: "SSO role that is not the user's",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			other := ecrtest.Assignment{Account: ecrtest.Account, Role: "Administrator"}
			return home.SSO("work", "corporate", s.NewSSOSession("developer", time.Hour, assignment), other)
		},
		message: []string{"access denied", `has no role "Administrator" in account 123456789012`},
		hint:    "check sso_account_id and sso_role_name",
	},
	{
		name: "aws login expired",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			session := s.NewLoginSession(developer, -time.Minute)
			s.EndLoginSession(session)
			return home.Login("laptop", developer, session)
		},
		message: []string{"the `aws login` session of profile \"laptop\" has expired"},
		hint:    "run: aws login --profile laptop",
	},
	{
		name: "aws login never done",
		make: func(t testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			env := home.Login("laptop", developer, s.NewLoginSession(developer, time.Minute))
			if err := os.RemoveAll(filepath.Join(home.Dir, ".aws", "login")); err != nil {
				t.Fatal(err)
			}
			return env
		},
		message: []string{`profile "laptop" is not logged in`, "no cached `aws login` session"},
		hint:    "run: aws login --profile laptop",
	},
	{
		name:    "credential_process that fails",
		make:    processProfile("echo not-a-real-secret\nexit 3\n"),
		message: []string{`the credential_process of profile "process" failed: exit status 3`},
		hint:    "run the credential_process of that profile in a shell",
	},
	{
		name:    "credential_process that prints rubbish",
		make:    processProfile("echo not-a-real-secret\n"),
		message: []string{`the credential_process of profile "process" did not print version 1 credentials`},
		hint:    "run the credential_process of that profile in a shell",
	},
	{
		name: "credential_process that is missing",
		make: func(t testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			skipWithoutShell(t)
			home.Config("[profile process]", "credential_process = /nonexistent/credentials --for prod")
			return home.Env("AWS_PROFILE=process")
		},
		message: []string{`the credential_process of profile "process"`, "could not be started without a shell", "no such file or directory"},
		hint:    "run the credential_process of that profile in a shell",
	},
	{
		name: "web identity token expired",
		make: func(t testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			role := ecrtest.Role{ARN: roleARN, Subject: "system:serviceaccount:default:builder"}
			env := home.WebIdentity("", role)
			rewrite(t, home, ".aws/web-identity-token", s.NewWebIdentityToken(role.Subject, -time.Hour))
			return env
		},
		message: []string{"STS at ", "ExpiredTokenException", "Token expired"},
		hint:    "AWS_WEB_IDENTITY_TOKEN_FILE",
	},
	{
		name: "web identity token file missing",
		make: func(t testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			env := home.WebIdentity("", ecrtest.Role{ARN: roleARN, Subject: "system:serviceaccount:default:builder"})
			if err := os.Remove(filepath.Join(home.Dir, ".aws", "web-identity-token")); err != nil {
				t.Fatal(err)
			}
			return env
		},
		message: []string{"cannot read the web identity token file", "no such file"},
		hint:    "AWS_WEB_IDENTITY_TOKEN_FILE",
	},
	{
		name: "role that does not trust the web identity",
		make: func(t testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			env := home.WebIdentity("", ecrtest.Role{ARN: roleARN, Subject: "system:serviceaccount:default:builder"})
			rewrite(t, home, ".aws/web-identity-token", s.NewWebIdentityToken("system:serviceaccount:default:other", time.Hour))
			return env
		},
		message: []string{"access denied", "is not allowed to assume the role " + roleARN, "sts:AssumeRoleWithWebIdentity"},
		hint:    "trust policy",
	},
	{
		name: "container endpoint that refuses",
		make: func(t testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return append(home.ECS(roleARN), "AWS_CONTAINER_AUTHORIZATION_TOKEN=not-a-real-other-token")
		},
		message: []string{"container credential endpoint", "AccessDeniedException"},
		hint:    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
	},
	{
		name: "container endpoint that is broken",
		make: func(t testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			s.SetFault("container:credentials", ecrtest.Fault{Garbage: true, Status: 404})
			return home.ECS(roleARN)
		},
		message: []string{"container credential endpoint", "404"},
		hint:    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
	},
	{
		name: "EC2 instance without a role",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			s.SetInstanceRole("")
			return home.EC2()
		},
		message: []string{"no AWS credentials", "the EC2 instance has no role"},
		hint:    "AWS_PROFILE",
	},
	{
		name:    "clock that AWS refuses for good",
		retried: true,
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			s.SetClockOffset(48 * time.Hour)
			s.SetFault(getToken, ecrtest.Fault{Code: "InvalidSignatureException", Message: "Signature expired: 20260101T000000Z is now earlier than 20260102T235500Z (20260103T000000Z - 5 min.)"})
			return home.Environment(s.AddUser(developer))
		},
		message: []string{"the clock of this machine is 4", "behind", "ECR at "},
		hint:    "set the clock of this machine",
	},
	{
		name:    "AWS that asks for patience",
		retried: true,
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			s.SetFault(getToken, ecrtest.Fault{Code: "ThrottlingException", RetryAfter: time.Hour})
			return home.Environment(s.AddUser(developer))
		},
		message: []string{"is throttling requests (ThrottlingException)"},
		hint:    "wait a moment and try again",
	},
	{
		name:    "endpoint where nobody listens",
		retried: true,
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return append(home.Environment(s.AddUser(developer)), "AWS_ENDPOINT_URL=http://127.0.0.1:1")
		},
		message: []string{"cannot reach ECR at 127.0.0.1:1", "connection refused"},
		hint:    "check the network, HTTPS_PROXY and AWS_ENDPOINT_URL",
	},
	{
		name:    "proxy that is not there",
		retried: true,
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			home.Proxy = true
			return append(home.Environment(s.AddUser(developer)), "HTTPS_PROXY=http://somebody:not-a-real-password@127.0.0.1:1")
		},
		message: []string{"api.ecr.us-east-1.amazonaws.com through proxy http://", "@127.0.0.1:1", "the proxy cannot be reached"},
		hint:    "check HTTPS_PROXY and NO_PROXY",
	},
	{
		name: "proxy whose authority is not known",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return append(home.Environment(s.AddUser(developer)), "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "HTTPS_PROXY="+s.ProxyURL)
		},
		message: []string{"through proxy http://127.0.0.1", "its certificate is signed by an unknown CA"},
		hint:    "if the proxy decrypts TLS, add its CA to the file in AWS_CA_BUNDLE",
	},
	{
		name: "CA bundle that is not there",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return append(home.Environment(s.AddUser(developer)), "AWS_CA_BUNDLE=/nonexistent/ca.pem")
		},
		message: []string{`cannot read the CA bundle "/nonexistent/ca.pem"`},
		hint:    "AWS_",
	},
	{
		name: "endpoint that swallows packets",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return append(home.Environment(s.AddUser(developer)), "AWS_ENDPOINT_URL="+s.BlackHole(), "ECR_LOGIN_TIMEOUT=4s")
		},
		message: []string{"timed out after ", " while calling ECR at 127.0.0.1:"},
		hint:    "check the network",
	},
	{
		name:     "fallback helper that is missing",
		make:     func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string { return home.Env() },
		host:     "ghcr.io",
		settings: "fallback = \"absent\"\n",
		message:  []string{"fallback helper docker-credential-absent not found on PATH"},
	},
	{
		name:     "fallback helper that fails",
		make:     fallbackHelper("15s", "echo the keychain is locked; exit 1\n"),
		host:     "ghcr.io",
		settings: "fallback = \"other\"\n",
		message:  []string{"the keychain is locked"},
	},
	{
		name:     "fallback helper that hangs",
		make:     fallbackHelper("1s", "exec sleep 60\n"),
		host:     "ghcr.io",
		settings: "fallback = \"other\"\n",
		message:  []string{"timed out after 1s while calling the fallback helper docker-credential-other"},
	},
	{
		name: "settings with an unknown key",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return home.Environment(s.AddUser(developer))
		},
		settings: "timeout = \"15s\"\n[[registry]]\nmatch = \"*\"\nprofil = \"prod\"\n",
		message:  []string{"config.toml:4", `"registry.profil"`, `"profile"`},
		hint:     "section Settings of the manual page",
	},
}

// processProfile is a profile whose credential_process is a shell script.
func processProfile(script string) func(testing.TB, *ecrtest.Server, *ecrtest.Home) []string {
	return func(t testing.TB, _ *ecrtest.Server, home *ecrtest.Home) []string {
		skipWithoutShell(t)
		rewrite(t, home, ".aws/process.sh", script)
		home.Config("[profile process]", "credential_process = sh '"+filepath.Join(home.Dir, ".aws", "process.sh")+"'")
		return home.Env("AWS_PROFILE=process")
	}
}

// fallbackHelper puts a helper docker-credential-other, a shell script, on PATH.
func fallbackHelper(timeout, script string) func(testing.TB, *ecrtest.Server, *ecrtest.Home) []string {
	return func(t testing.TB, _ *ecrtest.Server, home *ecrtest.Home) []string {
		skipWithoutShell(t)
		if err := os.WriteFile(filepath.Join(home.Dir, "docker-credential-other"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
		return home.Env("PATH="+home.Dir+string(os.PathListSeparator)+os.Getenv("PATH"), "ECR_LOGIN_TIMEOUT="+timeout)
	}
}

func skipWithoutShell(t testing.TB) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the program that this test starts is a shell script")
	}
}

func rewrite(t testing.TB, home *ecrtest.Home, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(home.Dir, filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// user is somebody who has made the mistake.
func (m mistake) user(t testing.TB) (*user, *ecrtest.Server) {
	t.Helper()
	s := ecrtest.New(t)
	dir := t.TempDir()
	u := newUser(t, dir, m.make(t, s, s.Home(dir)))
	if m.settings != "" {
		u = u.settings(m.settings)
	}
	return u, s
}

// get asks for what the mistake spoils.
func (m mistake) get(u *user) answer {
	u.t.Helper()
	if m.host != "" {
		return u.run(m.host, "get")
	}
	return u.run(host, "get")
}

// saysAll reports whether a message could be that of the mistake.
func (m mistake) saysAll(message string) bool {
	for _, part := range m.message {
		if !strings.Contains(message, part) {
			return false
		}
	}
	return true
}

// Each mistake is told in one line of its own on standard output, and again on standard error, where a hint
// follows; with nothing secret in either, nor in the log.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			u, _ := m.user(t)
			a := m.get(u)
			message, rest, _ := strings.Cut(a.stdout, "\n")
			if a.code != 1 || rest != "" || message == "" {
				t.Fatalf("%+v, want one line on standard output and the exit code 1", a)
			}
			if !m.saysAll(message) {
				t.Errorf("%q does not say all of %q", message, m.message)
			}
			for _, other := range mistakes {
				if other.name != m.name && other.saysAll(message) {
					t.Errorf("%q could be said of the mistake %q as well", message, other.name)
				}
			}
			others, ours, _ := strings.Cut(a.stderr, "docker-credential-ecr-login: "+message+"\n")
			if !strings.Contains(others, m.others) || m.others == "" && others != "" {
				t.Errorf("standard error: %q, want the cause again, after %q", a.stderr, m.others)
			}
			hint := strings.TrimPrefix(ours, "docker-credential-ecr-login: hint: ")
			if m.hint == "" && ours != "" || m.hint != "" && (hint == ours || strings.Count(hint, "\n") != 1 || !strings.Contains(hint, m.hint)) {
				t.Errorf("after the cause standard error says %q, want one hint with %q", ours, m.hint)
			}
			logged := m.get(u.with("ECR_LOGIN_LOG=debug"))
			for _, text := range []string{a.stdout, a.stderr, logged.stdout, logged.stderr} {
				u.holdsNoSecret(text)
			}
		})
	}
}

// holdsNoSecret looks for whatever ecrtest makes as a secret: its keys and tokens carry these words, but for web
// identity tokens, of which every segment is looked for.
func (u *user) holdsNoSecret(text string) {
	u.t.Helper()
	secrets := []string{"secret-for-tests", "not-a-real", "this-is-a-fake"}
	if token, err := os.ReadFile(filepath.Join(u.dir, ".aws", "web-identity-token")); err == nil {
		secrets = append(secrets, strings.Split(string(token), ".")...)
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			u.t.Errorf("%q is in the output:\n%s", secret, text)
		}
	}
}
