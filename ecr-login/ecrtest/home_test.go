package ecrtest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

func TestSourcesHaveDifferentPrincipals(t *testing.T) {
	t.Parallel()
	seen := map[string]ecrtest.Source{}
	for _, src := range ecrtest.Sources() {
		if other, ok := seen[src.Principal()]; ok {
			t.Errorf("%s and %s are the same principal", src, other)
		}
		seen[src.Principal()] = src
	}
	if len(seen) < 18 {
		t.Errorf("%d sources", len(seen))
	}
}

// TestEnvironmentIsComplete checks that no variable of this machine is in the environment.
func TestEnvironmentIsComplete(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", "/nowhere")
	t.Setenv("AWS_PROFILE", "somebody-elses")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	s := ecrtest.New(t)
	dir := t.TempDir()
	env := s.Env(dir, ecrtest.FromEnvironment)
	for _, leak := range []string{"AWS_CA_BUNDLE=", "AWS_PROFILE=", "HTTPS_PROXY="} {
		if slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, leak) }) {
			t.Errorf("%s leaked", leak)
		}
	}
	if r := run(t, "ecr", env); r.Error != "" {
		t.Error(r.Error)
	}
	r := run(t, "ecr", append(s.Home(t.TempDir()).Env(), "AWS_MAX_ATTEMPTS=1"))
	if !strings.Contains(r.Error, "get credentials") && !strings.Contains(r.Error, "get identity") {
		t.Errorf("somebody without credentials: %+v", r)
	}
}

func TestSeveralProfilesInOneHome(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	user := s.AddUser("arn:aws:iam::111122223333:user/ci")
	temporary := s.NewSession("arn:aws:sts::444455556666:assumed-role/ci/one")
	role := ecrtest.Role{ARN: "arn:aws:iam::777788889999:role/pull", ExternalID: "external-id-for-tests", Trusted: []string{user.Principal.ARN}}
	home.Keys("default", user)
	home.AssumeRole("other", "default", role)
	for want, env := range map[string][]string{
		user.Principal.ARN:      home.Env(),
		temporary.Principal.ARN: home.Keys("temporary", temporary),
		"arn:aws:sts::777788889999:assumed-role/pull/ecrtest": home.Env("AWS_PROFILE=other"),
	} {
		r := run(t, "sts", env)
		if r.Error != "" || r.ARN != want {
			t.Errorf("got %q %s, want %q", r.ARN, r.Error, want)
		}
	}
	home.Config("[profile mfa]", "role_arn = "+role.ARN, "source_profile = default", "mfa_serial = arn:aws:iam::111122223333:mfa/ci")
	if r := run(t, "sts", home.Env("AWS_PROFILE=mfa")); !strings.Contains(r.Error, "MFA") {
		t.Errorf("raw lines had no effect: %+v", r)
	}
}

func TestProcessRotatesKeys(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := filepath.Join(t.TempDir(), "it's a directory")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	home := s.Home(dir)
	env := home.Process("ci", "arn:aws:iam::123456789012:role/ci")
	seen := map[string]bool{}
	for range 3 {
		r := run(t, "ecr", env)
		if r.Error != "" {
			t.Fatal(r.Error)
		}
		p, _ := s.PrincipalOf(r.Password)
		if p.ARN != "arn:aws:sts::123456789012:assumed-role/ci/ecrtest" {
			t.Errorf("token of %q", p.ARN)
		}
		seen[p.UserID] = true // one per session
	}
	if len(seen) != 3 {
		t.Errorf("%d sessions in three calls, want 3", len(seen))
	}
	if n := home.ProcessCalls(); n != 3 {
		t.Errorf("%d calls noted, want 3", n)
	}
}

func TestRotatedWebIdentityToken(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	const subject = "system:serviceaccount:default:builder"
	env := home.WebIdentity("", ecrtest.Role{ARN: deployer, Subject: subject})
	file := filepath.Join(home.Dir, ".aws", "web-identity-token")
	if err := os.WriteFile(file, []byte(s.NewWebIdentityToken(subject, -time.Minute)), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := run(t, "ecr", env); !strings.Contains(r.Error, "ExpiredTokenException") {
		t.Errorf("expired token: %+v", r)
	}
	if err := os.WriteFile(file, []byte(s.NewWebIdentityToken(subject, time.Hour)), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := run(t, "ecr", env); r.Error != "" {
		t.Error(r.Error)
	}
}

// TestHomeWithoutRegion omits AWS_REGION, for programs that find the region elsewhere.
func TestHomeWithoutRegion(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	home.Region = ""
	if env := home.Env(); slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "AWS_REGION=") }) {
		t.Errorf("%q", env)
	}
}

// TestHomeIsPrivate checks that only the owner can read files with secrets.
func TestHomeIsPrivate(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	for _, src := range ecrtest.Sources() {
		home.Source(src)
	}
	files := 0
	err := filepath.WalkDir(home.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files++
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil || files < 10 {
		t.Errorf("%d files, %v", files, err)
	}
}
