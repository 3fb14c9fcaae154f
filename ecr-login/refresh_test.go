package ecrlogin_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// neighbour is a registry of another account in the same region.
const neighbour = "210987654321.dkr.ecr.us-east-1.amazonaws.com"

func mustGet(t *testing.T, h *ecrlogin.Helper, serverURL string) ecrlogin.Credentials {
	t.Helper()
	l, err := h.Get(t.Context(), serverURL)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func mustStatus(t *testing.T, h *ecrlogin.Helper, serverURL string) ecrlogin.Status {
	t.Helper()
	k, err := h.Status(serverURL)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func wantCalls(t *testing.T, s *ecrtest.Server, want int) {
	t.Helper()
	if n := s.Calls(getToken); n != want {
		t.Errorf("%d calls, want %d", n, want)
	}
}

func TestRefreshReplacesValidToken(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	h := ecrlogin.New(ecrlogin.Options{})
	if k := mustStatus(t, h, host); k.State != cache.Absent || k.Reason == "" || !k.Expires.IsZero() {
		t.Errorf("before the first fetch: %+v", k)
	}
	old := mustGet(t, h, host)
	k, err := h.Refresh(t.Context(), "https://"+host+"/v2/")
	if err != nil {
		t.Fatal(err)
	}
	if k.Host != host || k.State != cache.Fresh || k.Expires.Sub(k.Fetched).Round(time.Minute) != 12*time.Hour ||
		!k.Refresh.After(k.Fetched.Add(5*time.Hour)) || !k.Refresh.Before(k.Fetched.Add(7*time.Hour)) {
		t.Errorf("refreshed: %+v", k)
	}
	if mustGet(t, h, host) == old {
		t.Error("the old token is still served")
	}
	wantCalls(t, s, 2)

	// The neighbour has the same token, so it was refreshed too.
	n := mustStatus(t, h, neighbour)
	if n.Token != k.Token || !n.Fetched.Equal(k.Fetched) {
		t.Errorf("the neighbour has another token: %+v", n)
	}
	if mustStatus(t, h, "123456789012.dkr.ecr.eu-west-1.amazonaws.com").Token == k.Token {
		t.Error("another region has the same token")
	}
}

func TestFailedRefreshKeepsOldToken(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	h := ecrlogin.New(ecrlogin.Options{})
	old := mustGet(t, h, host)
	before := mustStatus(t, h, host)
	s.Deny(getToken)
	k, err := h.Refresh(t.Context(), host)
	var e *ecrlogin.Error
	if !errors.As(err, &e) || e.Kind != token.AccessDenied || e.Hint() == "" {
		t.Errorf("%v, want access denied with a hint", err)
	}
	if k != before {
		t.Errorf("the status after the failure is %+v, want %+v", k, before)
	}
	if mustGet(t, h, host) != old {
		t.Error("the old token is gone")
	}
}

func TestRefreshErrors(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	h := ecrlogin.New(ecrlogin.Options{})
	if _, err := h.Refresh(t.Context(), "docker.io"); !errors.Is(err, ecrlogin.ErrNotECR) {
		t.Errorf("a host that is not ECR: %v", err)
	}
	if _, err := h.Status("docker.io"); !errors.Is(err, ecrlogin.ErrNotECR) {
		t.Errorf("a host that is not ECR: %v", err)
	}
	t.Setenv("ECR_LOGIN_PUBLIC", "never")
	if _, err := ecrlogin.New(ecrlogin.Options{}).Refresh(t.Context(), "public.ecr.aws"); !errors.Is(err, ecrlogin.ErrNotFound) {
		t.Errorf(`ECR Public with public = "never": %v`, err)
	}
	wantCalls(t, s, 0)

	// A token that cannot be cached is an error.
	t.Setenv("AWS_ECR_DISABLE_CACHE", "1")
	if _, err := ecrlogin.New(ecrlogin.Options{}).Refresh(t.Context(), host); err == nil || !strings.Contains(err.Error(), "could not be cached: switched off") {
		t.Errorf("without a cache: %v", err)
	}

	broken := filepath.Join(t.TempDir(), "broken.toml")
	if err := os.WriteFile(broken, []byte("timout = \"1s\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ECR_LOGIN_CONFIG", broken)
	h = ecrlogin.New(ecrlogin.Options{})
	_, renewed := h.Refresh(t.Context(), host)
	_, kept := h.Status(host)
	_, region := h.GetForRegion(t.Context(), ecrlogin.Region{Name: "us-east-1"})
	for what, err := range map[string]error{"Refresh": renewed, "Status": kept, "GetForRegion": region} {
		if err == nil || !strings.Contains(err.Error(), "timout") {
			t.Errorf("%s with invalid settings: %v", what, err)
		}
	}
}

func TestStatusReportsStoredLogin(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	h := ecrlogin.New(ecrlogin.Options{})
	stored := s.IssueToken(ecrtest.Principal{ARN: "arn:aws:iam::123456789012:user/somebody", Account: ecrtest.Account}, "ecr", "us-east-1").Password
	if err := h.Store(t.Context(), host, ecrlogin.Credentials{Username: "AWS", Password: stored}); err != nil {
		t.Fatal(err)
	}
	k, err := h.Refresh(t.Context(), host)
	if err != nil || k.Login.IsZero() {
		t.Errorf("%+v, %v; want the stored login", k, err)
	}
	if mustGet(t, h, host).Password != stored {
		t.Error("the stored login is no longer served")
	}
	if k := mustStatus(t, h, neighbour); !k.Login.IsZero() {
		t.Errorf("the login of %s is reported for %s", host, neighbour)
	}
}
