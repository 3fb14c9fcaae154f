package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A mistake is a wrong or expired configuration, or a failure, and the error it must give.
type mistake struct {
	name string

	// make sets up the home directory and returns the environment.
	make func(t testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string

	host     string   // the registry of the get; empty: the usual one
	settings string   // the settings file; empty: none
	retried  bool     // the SDK retries, and waits in between
	others   string   // what another program prints to standard error before the error
	message  []string // parts of the line on standard output
	hint     string   // part of the hint; empty: no hint
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
		name: "MFA required",
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
		name: "SSO session that AWS has ended",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			session := s.NewSSOSession("developer", time.Hour, assignment)
			s.EndSSOSession(session)
			return home.SSO("ended", "corporate", session, assignment)
		},
		message: []string{`the SSO session of profile "ended" has expired`},
		hint:    "run: aws sso login --sso-session corporate",
	},
	{
		name: "no SSO login yet",
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
		name: "no aws login yet",
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
		name:    "credential_process that prints something else",
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
		name:    "clock that AWS always refuses",
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
		name:    "AWS throttles",
		retried: true,
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			s.SetFault(getToken, ecrtest.Fault{Code: "ThrottlingException", RetryAfter: time.Hour})
			return home.Environment(s.AddUser(developer))
		},
		message: []string{"is throttling requests (ThrottlingException)"},
		hint:    "wait a moment and try again",
	},
	{
		name:    "endpoint without a server",
		retried: true,
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return append(home.Environment(s.AddUser(developer)), "AWS_ENDPOINT_URL=http://127.0.0.1:1")
		},
		message: []string{"cannot reach ECR at 127.0.0.1:1", "connection refused"},
		hint:    "check the network, HTTPS_PROXY and AWS_ENDPOINT_URL",
	},
	{
		name:    "proxy that does not exist",
		retried: true,
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			home.Proxy = true
			return append(home.Environment(s.AddUser(developer)), "HTTPS_PROXY=http://someone:not-a-real-password@127.0.0.1:1")
		},
		message: []string{"api.ecr.us-east-1.amazonaws.com through proxy http://", "@127.0.0.1:1", "the proxy cannot be reached"},
		hint:    "check HTTPS_PROXY and NO_PROXY",
	},
	{
		name: "proxy with an unknown CA",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return append(home.Environment(s.AddUser(developer)), "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "HTTPS_PROXY="+s.ProxyURL)
		},
		message: []string{"through proxy http://127.0.0.1", "its certificate is signed by an unknown CA"},
		hint:    "if the proxy decrypts TLS, add its CA to the file in AWS_CA_BUNDLE",
	},
	{
		name: "missing CA bundle",
		make: func(_ testing.TB, s *ecrtest.Server, home *ecrtest.Home) []string {
			return append(home.Environment(s.AddUser(developer)), "AWS_CA_BUNDLE=/nonexistent/ca.pem")
		},
		message: []string{`cannot read the CA bundle "/nonexistent/ca.pem"`},
		hint:    "AWS_",
	},
	{
		name: "endpoint that never responds",
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
		hint:     "see: docker-credential-ecr-login help settings",
	},
}
