package ggcr_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ggcr"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/inmemory"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

const (
	host     = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	getToken = "ecr:GetAuthorizationToken"
)

func helper(s *ecrtest.Server, clock cache.Clock) *ecrlogin.Helper {
	cfg := s.Config(s.AddUser("controller"))
	cfg.RetryMaxAttempts = 1
	return ecrlogin.New(inmemory.Options(ecrlogin.Options{Config: &cfg, Clock: clock}))
}

func resolve(ctx context.Context, k authn.Keychain, registry string) (*authn.AuthConfig, error) {
	r, err := name.NewRegistry(registry)
	if err != nil {
		return nil, err
	}
	a, err := authn.Resolve(ctx, k, r)
	if err != nil {
		return nil, err
	}
	return authn.Authorization(ctx, a)
}

// The keychain returns the cause of each error as a typed error.
func TestErrors(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	blocked := make(chan struct{})
	t.Cleanup(func() { close(blocked) })
	for _, test := range []struct {
		name  string
		fault ecrtest.Fault
		kind  token.Kind
	}{
		{"denied", ecrtest.AccessDenied(), token.AccessDenied},
		{"throttled", ecrtest.Throttled(), token.Throttled},
		{"no response", ecrtest.Fault{Until: blocked}, token.Timeout},
	} {
		s.SetFault(getToken, test.fault)
		ctx, cancel := t.Context(), func() {}
		if test.kind == token.Timeout {
			ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
		}
		_, err := resolve(ctx, ggcr.Keychain(helper(s, cache.Clock{})), host)
		cancel()
		var e *ecrlogin.Error
		if !errors.As(err, &e) || e.Kind != test.kind {
			t.Errorf("%s: %v (%T), want the kind %s", test.name, err, err, test.kind)
		}
	}
}

// Missing credentials lead to the next keychain or to an error, depending on the policy.
func TestWithoutCredentials(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	cfg := s.Config(ecrtest.Credentials{})
	cfg.Credentials = nil
	h := ecrlogin.New(inmemory.Options(ecrlogin.Options{Config: &cfg}))
	next := fixed{"next"}
	for _, test := range []struct {
		name     string
		keychain authn.Keychain
		host     string
		user     string
		kind     token.Kind
	}{
		{"default", ggcr.Keychain(h), host, "next", ""},
		{"next", ggcr.Keychain(h, ggcr.WithoutCredentials(ggcr.NextKeychain)), host, "next", ""},
		{"fail", ggcr.Keychain(h, ggcr.WithoutCredentials(ggcr.Fail)), host, "", token.NoCredentials},
		{"not ECR", ggcr.Keychain(h, ggcr.WithoutCredentials(ggcr.Fail)), "ghcr.io", "next", ""},
		{"ECR Public", ggcr.Keychain(h, ggcr.WithoutCredentials(ggcr.Fail)), "public.ecr.aws", "next", ""},
	} {
		a, err := resolve(t.Context(), authn.NewMultiKeychain(test.keychain, next), test.host)
		var e *ecrlogin.Error
		switch {
		case test.kind != "":
			if !errors.As(err, &e) || e.Kind != test.kind {
				t.Errorf("%s: %v, want the kind %s", test.name, err, test.kind)
			}
		case err != nil || a.Username != test.user:
			t.Errorf("%s: %+v, %v; want user %s", test.name, a, err, test.user)
		}
	}
}

// fixed is a keychain with one user.
type fixed struct{ user string }

func (f fixed) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: f.user, Password: "not-a-real-password"}, nil
}

// One Puller works over 13 simulated hours, in which its first token expires.
func TestPullerOutlivesToken(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	now := &simulated{time: time.Now().Round(0)}
	s.SetClock(now.Now)
	k := ggcr.Keychain(helper(s, cache.Clock{Now: now.Now}))
	options := []remote.Option{remote.WithAuthFromKeychain(k), remote.WithTransport(s.Transport()), remote.WithContext(t.Context())}
	ref, err := name.ParseReference(host + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, empty.Image, options...); err != nil {
		t.Fatal(err)
	}
	puller, err := remote.NewPuller(options...)
	if err != nil {
		t.Fatal(err)
	}
	for hour := range 14 {
		if _, err := puller.Head(t.Context(), ref); err != nil {
			t.Fatalf("after %d hours: %v", hour, err)
		}
		now.add(time.Hour)
	}
	// The SDK signs with the real time, so some calls are repeated with the server's.
	if n := len(s.Tokens()); n < 2 || n > 4 {
		t.Errorf("%d tokens, want 2 to 4", n)
	}
}

// simulated is a clock that only add moves.
type simulated struct {
	mu   sync.Mutex
	time time.Time
}

func (c *simulated) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *simulated) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(d)
}
