package ecrlogin_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/cache/memory"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

const (
	host     = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	getToken = "ecr:GetAuthorizationToken"
)

// become sets the environment of this process, which the AWS SDK reads. Tests that use it cannot
// run in parallel.
func become(t *testing.T, env []string) {
	t.Helper()
	for _, v := range os.Environ() {
		key, value, _ := strings.Cut(v, "=")
		if strings.HasPrefix(key, "AWS_") || strings.HasPrefix(key, "ECR_LOGIN_") || strings.HasPrefix(key, "XDG_") || strings.HasSuffix(strings.ToUpper(key), "_PROXY") {
			os.Unsetenv(key)
			t.Cleanup(func() { os.Setenv(key, value) })
		}
	}
	for _, v := range env {
		key, value, _ := strings.Cut(v, "=")
		t.Setenv(key, value)
	}
}

func newAWS(t *testing.T, source ecrtest.Source) *ecrtest.Server {
	t.Helper()
	s := ecrtest.New(t)
	become(t, s.Env(t.TempDir(), source))
	return s
}

func TestGoroutinesShareOneCall(t *testing.T) {
	for name, o := range map[string]ecrlogin.Options{
		"disk":   {},
		"memory": {Tier: func(disk cache.Store) cache.Store { return memory.Over(disk) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAWS(t, ecrtest.FromEnvironment)
			hold := make(chan struct{})
			s.SetFault(getToken, ecrtest.Fault{Until: hold})
			h := ecrlogin.New(o)
			var all sync.WaitGroup
			for i := range 50 {
				all.Go(func() {
					l, err := h.Get(t.Context(), fmt.Sprintf("%012d.dkr.ecr.us-east-1.amazonaws.com", 100_000_000_000+int64(i)))
					if err != nil || l.Username != "AWS" || l.Password == "" {
						t.Errorf("%v", err)
					}
				})
			}
			if err := s.Wait(t.Context(), getToken, 1); err != nil {
				t.Error(err)
			}
			close(hold)
			all.Wait()
			if n := s.Calls(getToken); n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
			if n := len(h.List(t.Context())); n != 50 {
				t.Errorf("list names %d hosts, want 50", n)
			}
		})
	}
}

// The cancellation of one caller does not end the shared fetch.
func TestCancellation(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	hold := make(chan struct{})
	s.SetFault(getToken, ecrtest.Fault{Until: hold})
	h := ecrlogin.New(ecrlogin.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := h.Get(ctx, host); !errors.Is(err, context.Canceled) {
			t.Errorf("the cancelled call: %v", err)
		}
	})
	if err := s.Wait(t.Context(), getToken, 1); err != nil {
		t.Fatal(err)
	}
	both.Go(func() {
		if _, err := h.Get(t.Context(), host); err != nil {
			t.Errorf("the other call: %v", err)
		}
	})
	cancel()
	close(hold)
	both.Wait()
}

func TestDocker(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	docker := ecrlogin.New(ecrlogin.Options{}).Docker(t.Context())
	user, secret, err := docker.Get(host)
	if err != nil || user != "AWS" {
		t.Fatalf("%q, %v", user, err)
	}
	if who, ok := s.PrincipalOf(secret); !ok || who.ARN != ecrtest.FromEnvironment.Principal() {
		t.Errorf("the token is that of %q", who.ARN)
	}
	_, _, err = docker.Get("index.docker.io")
	if !credentials.IsErrCredentialsNotFound(err) || err.Error() != credentials.NewErrCredentialsNotFound().Error() {
		t.Errorf("a host that is not ECR: %v, want Docker's not found", err)
	}
	if !errors.Is(err, ecrlogin.ErrNotFound) || !errors.Is(err, ecrlogin.ErrNotECR) {
		t.Errorf("a host that is not ECR: %v does not wrap its cause", err)
	}
	if err := docker.Add(&credentials.Credentials{ServerURL: "index.docker.io", Username: "u", Secret: "not-a-real-password"}); !errors.Is(err, ecrlogin.ErrNotECR) {
		t.Errorf("a login for a host that is not ECR: %v", err)
	}
	hosts, err := docker.List()
	if err != nil || len(hosts) != 1 || hosts[host] != "AWS" {
		t.Errorf("list: %v, %v", hosts, err)
	}
	if err := docker.Delete("https://" + host); err != nil {
		t.Error(err)
	}

	auth, err := authn.NewKeychainFromHelper(docker).Resolve(resource(host))
	if err != nil {
		t.Fatal(err)
	}
	got, err := auth.Authorization()
	if err != nil || got.Username != "AWS" || got.Password == secret {
		t.Errorf("through a keychain: user %q, %v; want AWS and a new token, because the old one was erased", got.Username, err)
	}
}

type resource string

func (r resource) String() string      { return string(r) }
func (r resource) RegistryStr() string { return string(r) }

func TestErrors(t *testing.T) {
	s := ecrtest.New(t)
	dir := t.TempDir()
	home := s.Home(dir)
	somebody := home.Environment(s.AddUser("somebody"))
	ended := s.NewSSOSession("developer", -time.Hour, ecrtest.Assignment{Account: ecrtest.Account, Role: "role"})
	sso := home.SSO("work", "work", ended, ecrtest.Assignment{Account: ecrtest.Account, Role: "role"})
	s.EndSSOSession(ended)
	for _, test := range []struct {
		name  string
		env   []string
		fault ecrtest.Fault
		kind  token.Kind
		holds []string // parts of the text
	}{
		{"no credentials", home.Env(), ecrtest.Fault{}, token.NoCredentials, nil},
		{"SSO session ended", sso, ecrtest.Fault{}, token.SSOExpired, []string{`"work"`}},
		{"access denied", somebody, ecrtest.AccessDenied(), token.AccessDenied, []string{"ecr:GetAuthorizationToken", "user/somebody"}},
		{"throttled", somebody, ecrtest.Fault{Code: "ThrottlingException", RetryAfter: time.Hour}, token.Throttled, nil},
		{"garbage", somebody, ecrtest.Fault{Garbage: true}, token.UnusableAnswer, nil},
		{"truncated", somebody, ecrtest.Fault{Truncate: true}, token.UnusableAnswer, nil},
		{"connection refused", slices.Concat(somebody, []string{"AWS_ENDPOINT_URL=http://127.0.0.1:1"}), ecrtest.Fault{}, token.Unreachable, []string{"127.0.0.1:1"}},
		{"unknown profile", slices.Concat(somebody, []string{"AWS_PROFILE=unknown"}), ecrtest.Fault{}, token.Configuration, []string{`"unknown"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			become(t, test.env)
			s.SetFault(getToken, test.fault)
			t.Cleanup(func() { s.SetFault(getToken) })
			_, err := ecrlogin.New(ecrlogin.Options{}).Get(t.Context(), host)
			var e *ecrlogin.Error
			if !errors.As(err, &e) || e.Kind != test.kind {
				t.Fatalf("%v (%T), want the kind %s", err, err, test.kind)
			}
			for _, text := range test.holds {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q does not contain %s", err, text)
				}
			}
			if e.Hint() == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q has the hint %q; want one line each", err, e.Hint())
			}
		})
	}
}

func TestInvalidSettings(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	file := filepath.Join(t.TempDir(), "settings.toml")
	if err := os.WriteFile(file, []byte("timeout = \"15s\"\nfallbak = \"pass\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ECR_LOGIN_CONFIG", file)
	h := ecrlogin.New(ecrlogin.Options{})
	_, err := h.Get(t.Context(), host)
	var e *config.Error
	if !errors.As(err, &e) || e.Line != 2 || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "fallback") {
		t.Errorf("%v, want the file, line 2 and the nearest key", err)
	}
	if hosts := h.List(t.Context()); len(hosts) != 0 {
		t.Errorf("list: %v, want none", hosts)
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

func TestPublic(t *testing.T) {
	for _, test := range []struct {
		public  string
		fault   ecrtest.Fault
		source  ecrtest.Source
		found   bool
		calls   int
		problem token.Kind // when the error is not ErrNotFound
	}{
		{public: "auto", source: ecrtest.FromEnvironment, found: true, calls: 1},
		{public: "always", source: ecrtest.FromEnvironment, found: true, calls: 1},
		{public: "never", source: ecrtest.FromEnvironment},
		{public: "auto", source: ecrtest.FromEnvironment, fault: ecrtest.AccessDenied(), calls: 1},
		{public: "always", source: ecrtest.FromEnvironment, fault: ecrtest.AccessDenied(), calls: 1, problem: token.AccessDenied},
	} {
		s := newAWS(t, test.source)
		op := "ecr-public:GetAuthorizationToken"
		s.SetFault(op, test.fault)
		t.Setenv("ECR_LOGIN_PUBLIC", test.public)
		_, err := ecrlogin.New(ecrlogin.Options{}).Get(t.Context(), "public.ecr.aws")
		var e *ecrlogin.Error
		switch {
		case test.found:
			if err != nil {
				t.Errorf("%+v: %v", test, err)
			}
		case test.problem != "":
			if errors.Is(err, ecrlogin.ErrNotFound) || !errors.As(err, &e) || e.Kind != test.problem {
				t.Errorf("%+v: %v, want an error of kind %s", test, err, test.problem)
			}
		case !errors.Is(err, ecrlogin.ErrNotFound):
			t.Errorf("%+v: %v, want not found", test, err)
		}
		if n := s.Calls(op); n != test.calls {
			t.Errorf("%+v: %d calls, want %d", test, n, test.calls)
		}
	}
}
