package ecrlogin_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Caller uses the rules of the settings as Get does. Without a registry it returns the current
// identity.
func TestCaller(t *testing.T) {
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	home.Keys("prod", s.AddUser("arn:aws:iam::222233334444:user/prod"))
	s.AddRole(ecrtest.Role{ARN: "arn:aws:iam::444455556666:role/pull", ExternalID: "external-id-for-tests"})
	become(t, home.Environment(s.AddUser("builder")))
	file := filepath.Join(t.TempDir(), "settings.toml")
	t.Setenv("ECR_LOGIN_CONFIG", file)
	if err := os.WriteFile(file, []byte(`
[[registry]]
match = "222233334444"
profile = "prod"
[[registry]]
match = "444455556666"
role_arn = "arn:aws:iam::444455556666:role/pull"
external_id = "external-id-for-tests"
session_name = "who"
`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ profile, server, arn string }{
		{"", "", "arn:aws:iam::123456789012:user/builder"},
		{"prod", "", "arn:aws:iam::222233334444:user/prod"},
		{"", host, "arn:aws:iam::123456789012:user/builder"},
		{"prod", host, "arn:aws:iam::222233334444:user/prod"},
		{"", "https://222233334444.dkr.ecr.us-east-1.amazonaws.com/v2/", "arn:aws:iam::222233334444:user/prod"},
		{"", "444455556666.dkr.ecr.us-east-1.amazonaws.com", "arn:aws:sts::444455556666:assumed-role/pull/who"},
		{"", "public.ecr.aws", "arn:aws:iam::123456789012:user/builder"},
	} {
		h := ecrlogin.New(ecrlogin.Options{Profile: test.profile})
		c, err := h.Caller(t.Context(), test.server)
		if err != nil || c.ARN != test.arn {
			t.Errorf("profile %q, server %q: %+v, %v; want %s", test.profile, test.server, c, err, test.arn)
		}
	}
	if n := s.Calls(getToken); n != 0 {
		t.Errorf("%d tokens were fetched", n)
	}
}

func TestCallerErrors(t *testing.T) {
	s := ecrtest.New(t)
	become(t, s.Home(t.TempDir()).Env())
	h := ecrlogin.New(ecrlogin.Options{})
	if _, err := h.Caller(t.Context(), "index.docker.io"); !errors.Is(err, ecrlogin.ErrNotECR) {
		t.Errorf("a host that is not ECR: %v", err)
	}
	for _, server := range []string{"", host, "public.ecr.aws"} {
		var e *ecrlogin.Error
		if _, err := h.Caller(t.Context(), server); !errors.As(err, &e) || e.Kind != token.NoCredentials || errors.Is(err, ecrlogin.ErrNotFound) {
			t.Errorf("server %q without credentials: %v", server, err)
		}
	}
	t.Setenv("ECR_LOGIN_CONFIG", "/does/not/exist.toml")
	var broken *config.Error
	if _, err := ecrlogin.New(ecrlogin.Options{}).Caller(t.Context(), ""); !errors.As(err, &broken) {
		t.Errorf("invalid settings: %v", err)
	}
}
