package oras_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ggcrremote "github.com/google/go-containerregistry/pkg/v1/remote"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/inmemory"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/oras"
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

// push writes an empty image.
func push(t *testing.T, s *ecrtest.Server, h *ecrlogin.Helper, image string) {
	t.Helper()
	ref, err := name.ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.Get(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	err = ggcrremote.Write(ref, empty.Image, ggcrremote.WithTransport(s.Transport()), ggcrremote.WithContext(t.Context()),
		ggcrremote.WithAuth(&authn.Basic{Username: c.Username, Password: c.Password}))
	if err != nil {
		t.Fatal(err)
	}
}

// repository returns an oras-go repository with the client.
func repository(t *testing.T, reference string, client *auth.Client) *remote.Repository {
	t.Helper()
	r, err := remote.NewRepository(reference)
	if err != nil {
		t.Fatal(err)
	}
	r.Client = client
	return r
}

// One client works over 13 simulated hours, in which its first token expires.
func TestClientOutlivesToken(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	now := &simulated{time: time.Now().Round(0)}
	s.SetClock(now.Now)
	h := helper(s, cache.Clock{Now: now.Now})
	push(t, s, h, host+"/app:1")
	r := repository(t, host+"/app", oras.Client(h, &http.Client{Transport: s.Transport()}))
	for hour := range 14 {
		if _, err := r.Resolve(t.Context(), "1"); err != nil {
			t.Fatalf("after %d hours: %v", hour, err)
		}
		now.add(time.Hour)
	}
	// The SDK signs with the real time, so some calls are repeated with the server's.
	if n := len(s.Tokens()); n < 2 || n > 4 {
		t.Errorf("%d tokens, want 2 to 4", n)
	}
}

// ECR Public, with its bearer tokens, and a registry that is not ECR work with the same client.
func TestOtherRegistries(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	h := helper(s, cache.Clock{})
	client := oras.Client(h, &http.Client{Transport: s.Transport()})
	r := repository(t, "public.ecr.aws/team/app", client)
	if _, err := r.Resolve(t.Context(), "1"); !errors.Is(err, errdef.ErrNotFound) {
		t.Errorf("an image that does not exist in ECR Public: %v", err)
	}
	if c, err := oras.Credential(h)(t.Context(), "ghcr.io"); err != nil || c != auth.EmptyCredential {
		t.Errorf("a host that is not ECR: %+v, %v", c, err)
	}
}

// The client returns the cause of each error as a typed error.
func TestErrors(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	for kind, fault := range map[token.Kind]ecrtest.Fault{
		token.AccessDenied: ecrtest.AccessDenied(), token.Throttled: ecrtest.Throttled(),
	} {
		s.SetFault(getToken, fault)
		h := helper(s, cache.Clock{})
		r := repository(t, host+"/app", oras.Client(h, &http.Client{Transport: s.Transport()}))
		_, err := r.Resolve(t.Context(), "1")
		var e *ecrlogin.Error
		if !errors.As(err, &e) || e.Kind != kind {
			t.Errorf("%v, want the kind %s", err, kind)
		}
	}
}

// A login that Put stores is returned by Get until Delete.
func TestStore(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("somebody")
	stored := s.IssueToken(user.Principal, "ecr", "us-east-1").Password
	store := oras.Store(helper(s, cache.Clock{}))
	want := auth.Credential{Username: "AWS", Password: stored}
	if err := store.Put(t.Context(), host, want); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Get(t.Context(), host); err != nil || got != want {
		t.Errorf("not the stored login: %v", err)
	}
	if err := store.Delete(t.Context(), host); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Get(t.Context(), host); err != nil || got == want || got.Username != "AWS" {
		t.Errorf("after Delete: user %q, %v", got.Username, err)
	}
	if err := store.Put(t.Context(), "ghcr.io", want); !errors.Is(err, ecrlogin.ErrNotECR) {
		t.Errorf("Put for a host that is not ECR: %v", err)
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
