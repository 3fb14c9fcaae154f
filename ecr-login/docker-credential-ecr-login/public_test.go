package main

import (
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

const getPublicToken = "ecr-public:GetAuthorizationToken"

// Pulls from ECR Public work without a token. If AWS refuses one, the client continues without
// credentials and the cause is printed. With public = "always" it is an error.
func TestPublicRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		spoil         func(s *ecrtest.Server)
		message, hint string
	}{
		{
			"no permission for the token", func(s *ecrtest.Server) { s.Deny(getPublicToken) },
			"is not allowed to call " + getPublicToken, "allow " + getPublicToken,
		},
		{
			"no permission for the bearer token behind it", func(s *ecrtest.Server) { s.Deny("sts:GetServiceBearerToken") },
			"is not allowed to call sts:GetServiceBearerToken", "allow sts:GetServiceBearerToken",
		},
		{
			"a web page instead of a response", func(s *ecrtest.Server) { s.SetFault(getPublicToken, ecrtest.Fault{Garbage: true}) },
			"unusable response: it is a web page", "something else may respond instead of AWS",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			test.spoil(s)
			u := newSourceUser(t, s, ecrtest.FromEnvironment)
			a := u.run("public.ecr.aws", "get")
			cause, hint, _ := strings.Cut(a.stderr, "\n")
			const prefix = "docker-credential-ecr-login: no token for ECR Public, continuing without credentials: "
			if a.code != 1 || a.stdout != notFoundLine {
				t.Errorf("exit code %d, standard output %q; want Docker's not-found", a.code, a.stdout)
			}
			if !strings.HasPrefix(cause, prefix) || !strings.Contains(cause, test.message) {
				t.Errorf("standard error: %q, want the cause %q", cause, test.message)
			}
			if !strings.HasPrefix(hint, "docker-credential-ecr-login: hint: "+test.hint) || strings.Count(hint, "\n") != 1 {
				t.Errorf("standard error ends with %q, want the hint %q", hint, test.hint)
			}
			wantCalls(t, s, getPublicToken, 1)

			a = u.with("ECR_LOGIN_PUBLIC=always").run("public.ecr.aws", "get")
			if a.code != 1 || !strings.Contains(a.stdout, test.message) || strings.Count(a.stdout, "\n") != 1 {
				t.Errorf("public = always: %+v, want an error with %q", a, test.message)
			}
			s.Reset()
			if a, want := u.with("ECR_LOGIN_PUBLIC=never").run("public.ecr.aws", "get"), (result{notFoundLine, "", 1}); a != want {
				t.Errorf("public = never: %+v, want %+v", a, want)
			}
			if n := s.Connections(); n != 0 {
				t.Errorf("public = never: %d connections", n)
			}
		})
	}
}

// Without credentials nothing is printed, and a metadata service that never responds is contacted
// once. make stress measures for how long.
func TestPublicWithSilentMetadata(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	u := newUser(t, dir, s.Home(dir).Env("AWS_EC2_METADATA_SERVICE_ENDPOINT="+s.BlackHole()))
	want := result{notFoundLine, "", 1}
	if a := u.run("public.ecr.aws", "get"); a != want {
		t.Errorf("%+v, want %+v", a, want)
	}
	if s.Calls("black-hole") == 0 {
		t.Fatal("the metadata service was not contacted: this test shows nothing")
	}
	s.Reset()
	if a := u.run("public.ecr.aws", "get"); a != want {
		t.Errorf("%+v, want %+v", a, want)
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("the second get made %d connections, want none within a minute", n)
	}
	// A profile with credentials is another principal, so AWS is contacted again.
	home := s.Home(dir)
	u = newUser(t, dir, home.Keys("default", s.AddUser("late")))
	if principal, _ := s.PrincipalOf(u.get("public.ecr.aws").Secret); !strings.HasSuffix(principal.ARN, "user/late") {
		t.Errorf("with credentials: the token of %q", principal.ARN)
	}
}

// A broken configuration is an error, although the pull would work without credentials.
func TestPublicWithBrokenConfiguration(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	a := newUser(t, dir, s.Home(dir).Env("AWS_PROFILE=pord")).run("public.ecr.aws", "get")
	if a.code != 1 || !strings.Contains(a.stdout, `profile "pord" not found in ~/.aws/config or ~/.aws/credentials`) {
		t.Errorf("%+v, want an error that names the profile", a)
	}
}
