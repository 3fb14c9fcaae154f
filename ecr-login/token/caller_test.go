package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

const stsCall = "sts:GetCallerIdentity"

// whoami identifies the principal of the credentials, without a registry.
var whoami = job{Caller: true, Version: "1.2.3"}

// STS identifies the principal of every source of credentials.
func TestCallerOfEverySource(t *testing.T) {
	t.Parallel()
	codes := map[ecrtest.Source]string{
		ecrtest.FromEnvironment:        "env",
		ecrtest.FromSessionEnvironment: "env",
		ecrtest.FromFile:               "profile-static",
		ecrtest.FromRole:               "profile-static",
		ecrtest.FromRoleChain:          "profile-static",
		ecrtest.FromRoleByEC2:          "ec2",
		ecrtest.FromRoleByECS:          "container",
		ecrtest.FromSSO:                "sso",
		ecrtest.FromExpiredSSO:         "sso",
		ecrtest.FromLegacySSO:          "sso",
		ecrtest.FromWebIdentity:        "web-identity",
		ecrtest.FromWebIdentityProfile: "profile-web-identity",
		ecrtest.FromProcess:            "process",
		ecrtest.FromLogin:              "login",
		ecrtest.FromExpiredLogin:       "login",
		ecrtest.FromECS:                "container",
		ecrtest.FromPodIdentity:        "container",
		ecrtest.FromEC2:                "ec2",
	}
	assumes := map[ecrtest.Source]bool{
		ecrtest.FromRole: true, ecrtest.FromRoleChain: true, ecrtest.FromRoleByEC2: true, ecrtest.FromRoleByECS: true,
	}
	for _, source := range ecrtest.Sources() {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			r := fetch(t, s.Env(t.TempDir(), source), whoami)
			if r.Err != nil {
				t.Fatalf("%s: %s", r.Err.Kind, r.Text)
			}
			c := r.Caller
			if c.ARN != source.Principal() || c.Account != ecrtest.Account {
				t.Errorf("%+v, want %s of account %s", c, source.Principal(), ecrtest.Account)
			}
			if c.Source != codes[source] || c.AssumesRole != assumes[source] {
				t.Errorf("source %q, assumes a role %v, want %q, %v", c.Source, c.AssumesRole, codes[source], assumes[source])
			}
			if c.Region != ecrtest.Region {
				t.Errorf("region %q, want that of the environment", c.Region)
			}
			if (c.Source == "env" || c.Source == "web-identity") && c.Profile != "" {
				t.Errorf("profile %q, though the environment decides", c.Profile)
			}
			if c.SourceProfile != "" && c.Profile != string(source) {
				t.Errorf("profile %q, want %q", c.Profile, source)
			}
			if n := s.Calls(stsCall); n != 1 {
				t.Errorf("%d calls of %s", n, stsCall)
			}
			if n := s.Calls(ecrCall); n != 0 {
				t.Errorf("%d calls of ECR", n)
			}
		})
	}
}

// The role of a rule and the web identity of a pod are identified like
// everything else that Fetch takes.
func TestCallerOfARequest(t *testing.T) {
	t.Parallel()
	s, env, _ := user(t)
	s.AddRole(ecrtest.Role{ARN: "arn:aws:iam::444455556666:role/pull", ExternalID: "external-id-for-tests"})
	const account = "system:serviceaccount:default:builder"
	s.AddRole(ecrtest.Role{ARN: "arn:aws:iam::444455556666:role/pod", Subject: account})
	assumed := whoami
	assumed.Request = token.Request{RoleARN: "arn:aws:iam::444455556666:role/pull", ExternalID: "external-id-for-tests", SessionName: "build"}
	exchanged := whoami
	exchanged.Request.WebIdentity = &token.WebIdentity{
		Token: s.NewWebIdentityToken(account, time.Hour), RoleARN: "arn:aws:iam::444455556666:role/pod", SessionName: "build",
	}
	for i, r := range fetchAll(t, env, assumed, exchanged) {
		if r.Err != nil {
			t.Fatal(r.Text)
		}
		want := []string{"arn:aws:sts::444455556666:assumed-role/pull/build", "arn:aws:sts::444455556666:assumed-role/pod/build"}[i]
		source := []string{"env", "service-account"}[i]
		if r.Caller.ARN != want || r.Caller.Account != "444455556666" || r.Caller.Source != source {
			t.Errorf("%+v, want %s by %s", r.Caller, want, source)
		}
		if r.Caller.Session <= 0 || r.Caller.Session > time.Hour {
			t.Errorf("session %v", r.Caller.Session)
		}
	}
}

// STS is called where Fetch calls it: in the profile's region, else in the
// registry's, else where its global endpoint is; with FIPS for a FIPS registry.
func TestCallerUsesTheEndpointsOfFetch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, profile, registry, fips, host, region string }{
		{"nothing names a region", "", "", "", "sts.us-east-1.amazonaws.com", ""},
		{"the registry", "", "eu-west-1", "", "sts.eu-west-1.amazonaws.com", ""},
		{"the profile first", "eu-central-1", "eu-west-1", "", "sts.eu-central-1.amazonaws.com", "eu-central-1"},
		{"FIPS", "", "us-west-2", "fips", "sts-fips.us-west-2.amazonaws.com", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			home := s.Home(t.TempDir())
			home.Proxy, home.Region = true, ""
			env := home.Keys("builder", s.AddUser("builder"))
			if test.profile != "" {
				home.Config("[profile builder]", "region = "+test.profile)
			}
			j := whoami
			if test.registry != "" {
				j.Request = private(test.registry)
			} else {
				j.Request.Registry = registry.Registry{}
			}
			j.Request.Registry.FIPS = test.fips != ""
			r := fetch(t, env, j)
			if r.Err != nil {
				t.Fatal(r.Text)
			}
			if got := strings.Join(s.Hosts(), " "); got != test.host {
				t.Errorf("called %s, want %s", got, test.host)
			}
			if r.Caller.Region != test.region || r.Caller.Profile != "builder" {
				t.Errorf("region %q of profile %q, want %q", r.Caller.Region, r.Caller.Profile, test.region)
			}
		})
	}
}

// What ends a Fetch ends a Caller, with the same kinds.
func TestCallerRefused(t *testing.T) {
	t.Parallel()
	refusal := func(code, message string) ecrtest.Fault {
		return ecrtest.Fault{Status: 403, Code: code, Message: message}
	}
	for _, test := range []struct {
		name  string
		fault ecrtest.Fault
		kind  token.Kind
		words []string
	}{
		{"unknown key", refusal("InvalidClientTokenId", "The security token included in the request is invalid."),
			token.Refused, []string{"STS at 127.0.0.1:", "InvalidClientTokenId"}},
		{"expired key", refusal("ExpiredToken", "The security token included in the request is expired"), token.Refused, []string{"ExpiredToken"}},
		{"denied", refusal("AccessDenied", "User: arn:aws:iam::123456789012:user/builder is not authorized to perform: sts:GetCallerIdentity because no VPC endpoint policy allows it"),
			token.AccessDenied, []string{"arn:aws:iam::123456789012:user/builder is not allowed to call sts:GetCallerIdentity, because no VPC endpoint policy allows it"}},
		{"throttled", final(ecrtest.Throttled()), token.Throttled, []string{"is throttling requests"}},
		{"out of order", final(ecrtest.Unavailable()), token.Refused, []string{"server error"}},
		{"web page", ecrtest.Fault{Garbage: true}, token.UnusableAnswer, []string{"STS at 127.0.0.1:", "web page"}},
		{"no caller", ecrtest.Fault{Body: []byte(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult></GetCallerIdentityResult></GetCallerIdentityResponse>`)},
			token.UnusableAnswer, []string{"does not name the caller"}},
		{"connection closed", ecrtest.Fault{CloseConnection: true}, token.Unreachable, []string{"closed the connection"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, env, c := user(t)
			s.SetFault(stsCall, test.fault)
			r := fetch(t, append(env, "AWS_MAX_ATTEMPTS=1"), whoami)
			wantError(t, r, test.kind, test.words...)
			withoutSecrets(t, r, c.SecretAccessKey)
			if r.Err.Stage != token.StageCaller {
				t.Errorf("stage %q", r.Err.Stage)
			}
		})
	}
}

// Without credentials, without the profile, with a session that has ended: the
// errors are Fetch's own.
func TestCallerWithoutCredentials(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	home.Region = ""
	role := ecrtest.Assignment{Account: ecrtest.Account, Role: "developer"}
	session := s.NewSSOSession("developer", -time.Minute, role)
	session.RefreshToken = ""
	expired := home.SSO("expired", "expired", session, role)
	for name, test := range map[string]struct {
		env  []string
		kind token.Kind
	}{
		"none":            {home.Env(), token.NoCredentials},
		"no such profile": {home.Env("AWS_PROFILE=unheard-of"), token.Configuration},
		"expired session": {expired, token.SSOExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, fetch(t, test.env, whoami), test.kind)
		})
	}
}

// A wrong clock is corrected like that of a Fetch, and its error is reported.
func TestCallerSkew(t *testing.T) {
	t.Parallel()
	s, env, c := user(t)
	s.SetClockOffset(3 * time.Hour)
	r := fetch(t, env, whoami)
	if r.Err != nil {
		t.Fatal(r.Text)
	}
	if r.Caller.ARN != c.Principal.ARN {
		t.Errorf("%+v", r.Caller)
	}
	if off := r.Caller.Skew - 3*time.Hour; off.Abs() > time.Minute {
		t.Errorf("skew %v, want 3h", r.Caller.Skew)
	}
}

// All calls go through one HTTP client, whose proxy an error then names; an
// endpoint override goes together with a FIPS registry, which the SDK alone
// would refuse.
func TestCallerThroughProxyAndOverride(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	c := s.AddUser("builder")
	home := s.Home(t.TempDir())
	fips := whoami
	fips.Request = private("us-west-2")
	fips.Request.Registry.FIPS = true
	if r := fetch(t, home.Environment(c), fips); r.Err != nil || r.Caller.ARN != c.Principal.ARN {
		t.Errorf("with an override: %+v, %s", r.Caller, r.Text)
	}
	home.Proxy = true
	s.SetFault(stsCall, ecrtest.Fault{CloseConnection: true})
	r := fetch(t, append(home.Environment(c), "AWS_MAX_ATTEMPTS=1"), whoami)
	wantError(t, r, token.Unreachable, "STS at sts.us-east-1.amazonaws.com through proxy "+s.ProxyURL)
	if r.Err.Proxy != s.ProxyURL {
		t.Errorf("proxy %q", r.Err.Proxy)
	}
}
