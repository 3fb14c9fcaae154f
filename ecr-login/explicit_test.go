package ecrlogin_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/cache/memory"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/inmemory"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// tenant returns a Helper with the explicit credentials of a user.
func tenant(s *ecrtest.Server, user ecrtest.Credentials, o ecrlogin.Options) *ecrlogin.Helper {
	cfg := s.Config(user)
	o.Config = &cfg
	return ecrlogin.New(inmemory.Options(o))
}

// poisonEnvironment sets an environment in which whatever is read is wrong, and returns its home
// directory.
func poisonEnvironment(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	files := map[string]string{
		".aws/config":                   "[default]\ncredential_process = /nonexistent\n[profile wrong]\n",
		".aws/credentials":              "[default]\naws_access_key_id = AKIAWRONG\naws_secret_access_key = not-a-real-secret\n",
		".config/ecr-login/config.toml": "timout = \"1s\"\n",
	}
	for name, text := range files {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	become(t, []string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"), "XDG_CACHE_HOME=" + filepath.Join(home, ".cache"),
		"AWS_ACCESS_KEY_ID=AKIAWRONG", "AWS_SECRET_ACCESS_KEY=not-a-real-secret", "AWS_PROFILE=wrong", "AWS_REGION=eu-north-1",
		"AWS_ENDPOINT_URL=http://127.0.0.1:1", "ECR_LOGIN_TIMEOUT=1ms", "AWS_ECR_CACHE_DIR=" + filepath.Join(home, "cache"),
	})
	return home
}

// Two tenants with 100 goroutines each: the right principals, one call and one connection for each.
func TestTenants(t *testing.T) {
	s := ecrtest.New(t)
	poisonEnvironment(t)
	users := []ecrtest.Credentials{s.AddUser("blue"), s.AddUser("green")}
	shared := memory.Over(nil)
	o := ecrlogin.Options{Tier: func(cache.Store) cache.Store { return shared }, UserAgent: "flux/2.7"}
	helpers := make([]*ecrlogin.Helper, len(users))
	for i, user := range users {
		o.Principal = user.Principal.ARN
		helpers[i] = tenant(s, user, o)
	}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			c, err := helpers[i%2].Get(t.Context(), fmt.Sprintf("1%011d.dkr.ecr.us-east-1.amazonaws.com", i))
			if err != nil {
				t.Error(err)
				return
			}
			if who, _ := s.PrincipalOf(c.Password); who.ARN != users[i%2].Principal.ARN {
				t.Errorf("the token is that of %q, want %q", who.ARN, users[i%2].Principal.ARN)
			}
		})
	}
	all.Wait()
	wantCalls(t, s, 2)
	for _, r := range s.Requests(getToken) {
		if !strings.Contains(r.UserAgent, " docker-credential-ecr-login/library flux/2.7") {
			t.Errorf("user agent %q", r.UserAgent)
		}
	}
	if n := s.Connections(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}

	// A Helper with the same name and Tier shares the token, one with another name or none does
	// not.
	o.Principal = users[0].Principal.ARN
	mustGet(t, tenant(s, users[0], o), host)
	wantCalls(t, s, 2)
	for _, name := range []string{"another", "", ""} {
		o.Principal = name
		mustGet(t, tenant(s, users[0], o), host)
	}
	wantCalls(t, s, 5)
}

// Rules of the settings work with explicit credentials, except those with a profile.
func TestConfigWithRules(t *testing.T) {
	s := ecrtest.New(t)
	poisonEnvironment(t)
	user := s.AddUser("controller")
	const arn = "arn:aws:iam::210987654321:role/pull"
	s.AddRole(ecrtest.Role{ARN: arn, ExternalID: "id-1"})
	settings := config.Default()
	settings.Rules = []config.Rule{
		{Match: "210987654321", RoleARN: "arn:{partition}:iam::{account}:role/pull", ExternalID: "id-1"},
		{Match: "333344445555", Profile: "wrong"},
	}
	h := tenant(s, user, ecrlogin.Options{Settings: &settings})
	for serverURL, want := range map[string]string{
		host:      user.Principal.ARN,
		neighbour: "arn:aws:sts::210987654321:assumed-role/pull/docker-credential-ecr-login",
	} {
		if who, _ := s.PrincipalOf(mustGet(t, h, serverURL).Password); who.ARN != want {
			t.Errorf("%s: the token is that of %q, want %q", serverURL, who.ARN, want)
		}
	}
	_, err := h.Get(t.Context(), "333344445555.dkr.ecr.us-east-1.amazonaws.com")
	var e *ecrlogin.Error
	if !errors.As(err, &e) || e.Kind != token.Configuration {
		t.Errorf("a rule with a profile: %v", err)
	}
}

// The pod's role is assumed with the tenant's STS configuration, and not shared between accounts.
func TestConfigWithServiceAccounts(t *testing.T) {
	s := ecrtest.New(t)
	poisonEnvironment(t)
	h := tenant(s, s.AddUser("controller"), ecrlogin.Options{})
	for _, name := range []string{"web", "db"} {
		subject := "system:serviceaccount:shop:" + name
		arn := "arn:aws:iam::123456789012:role/" + name
		s.AddRole(ecrtest.Role{ARN: arn, Subject: subject})
		r := ecrlogin.ImageRequest{
			Image: host + "/app:1", ServiceAccountToken: s.NewWebIdentityToken(subject, time.Hour),
			Annotations: map[string]string{ecrlogin.RoleAnnotation: arn},
		}
		for range 2 {
			c, err := h.GetForImage(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if who, _ := s.PrincipalOf(c.Password); who.ARN != "arn:aws:sts::123456789012:assumed-role/"+name+"/docker-credential-ecr-login" || c.CacheFor == 0 {
				t.Errorf("%s: the token is that of %q, for %v", name, who.ARN, c.CacheFor)
			}
		}
	}
	wantCalls(t, s, 2)
}

// Each call has exactly one Event.
func TestEvents(t *testing.T) {
	s := ecrtest.New(t)
	poisonEnvironment(t)
	user := s.AddUser("controller")
	clock := newClock(s)
	var mu sync.Mutex
	var events []ecrlogin.Event
	h := tenant(s, user, ecrlogin.Options{
		Principal: "blue", Clock: cache.Clock{Now: clock.now},
		Observe: func(_ context.Context, e ecrlogin.Event) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, e)
		},
	})
	want := func(step string, err error, outcomes ...ecrlogin.Outcome) {
		t.Helper()
		if len(events) != len(outcomes) {
			t.Fatalf("%s: %d events, want %d: %+v", step, len(events), len(outcomes), events)
		}
		counts := map[ecrlogin.Outcome]int{}
		for i, e := range events {
			counts[e.Outcome]++
			counts[outcomes[i]]--
			if e.Principal != "blue" || e.Took < 0 || (err == nil) == e.Expires.IsZero() {
				t.Errorf("%s: %+v", step, e)
			}
		}
		for outcome, n := range counts {
			if n != 0 {
				t.Errorf("%s: %+v, want %v (%s)", step, events, outcomes, outcome)
			}
		}
		events = nil
	}
	get := func(serverURL string) error {
		_, err := h.Get(t.Context(), serverURL)
		return err
	}
	want("first", get(host), ecrlogin.Fetched)
	want("second", get(host), ecrlogin.Hit)
	clock.add(7*60 + 30)
	want("aging", get(host), ecrlogin.Refreshed)
	clock.add(7*60 + 30)
	s.SetFault(getToken, ecrtest.AccessDenied())
	want("aging, AWS denies", get(host), ecrlogin.Stale)
	clock.add(5 * 60)
	err := get(host)
	if len(events) == 1 && (events[0].Kind != token.AccessDenied || events[0].Host != host || events[0].Region != "us-east-1") {
		t.Errorf("failed: %+v", events)
	}
	want("expired, AWS denies", err, ecrlogin.Failed)
	want("not ECR", get("ghcr.io"), ecrlogin.NotECR)
	want("malformed", get("user@ghcr.io"), ecrlogin.NotECR)
	s.SetFault(getToken)
	s.SetFault("ecr-public:GetAuthorizationToken", ecrtest.AccessDenied())
	want("ECR Public, denied", get("public.ecr.aws"), ecrlogin.Anonymous)

	hold := make(chan struct{})
	s.SetFault(getToken, ecrtest.Fault{Until: hold})
	var both sync.WaitGroup
	both.Go(func() { get(neighbour) })
	if err := s.Wait(t.Context(), getToken, s.Calls(getToken)+1); err != nil {
		t.Fatal(err)
	}
	both.Go(func() {
		close(hold)
		get("333344445555.dkr.ecr.us-east-1.amazonaws.com")
	})
	both.Wait()
	mu.Lock()
	if len(events) != 2 || events[0].Outcome != ecrlogin.Fetched && events[1].Outcome != ecrlogin.Fetched {
		t.Errorf("two callers at once: %+v", events)
	}
	events = nil
	mu.Unlock()

	_, err = h.GetForRegion(t.Context(), ecrlogin.Region{Name: "us-east-1"})
	want("region", err, ecrlogin.Hit)
	_, err = h.GetForImage(t.Context(), ecrlogin.ImageRequest{Image: host + "/app"})
	want("image", err, ecrlogin.Hit)
	_, err = h.Refresh(t.Context(), host)
	want("refresh", err, ecrlogin.Fetched)
}

// A call whose context has ended before requests nothing and names no step, because there was none.
func TestContextEndedBefore(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	h := tenant(s, s.AddUser("controller"), ecrlogin.Options{})
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithTimeout(t.Context(), -1)
	defer cancel()
	for ctx, want := range map[context.Context]string{
		canceled: "no token was requested: context canceled",
		expired:  "no token was requested: context deadline exceeded",
	} {
		_, err := h.Get(ctx, host)
		var e *ecrlogin.Error
		if !errors.As(err, &e) || e.Kind != token.Timeout || e.Stage != "" || !errors.Is(err, ctx.Err()) || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	wantCalls(t, s, 0)
}
