package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// With each source of credentials, get returns a token of the right principal after one call. The second get opens no
// connection and starts no process.
func TestSources(t *testing.T) {
	t.Parallel()
	for _, source := range ecrtest.Sources() {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			dir := t.TempDir()
			home := s.Home(dir)
			u := newUser(t, dir, home.Source(source))

			cold := u.get(host)
			wantCalls(t, s, getToken, 1)
			if principal, ok := s.PrincipalOf(cold.Secret); !ok || principal.ARN != source.Principal() {
				t.Errorf("the token belongs to %q, want %q", principal.ARN, source.Principal())
			}
			if cold.ServerURL != host {
				t.Errorf("the result is for %q", cold.ServerURL)
			}

			processes := 0
			if source == ecrtest.FromProcess {
				processes = home.ProcessCalls()
				if processes != 1 {
					t.Errorf("the credential process ran %d times, want 1", processes)
				}
			}
			// Rotated access keys are no cache miss.
			s.RotateSessions()
			before := s.Connections()
			if warm := u.get(host); warm != cold {
				t.Error("the second result differs from the first")
			}
			if n := s.Connections() - before; n != 0 {
				t.Errorf("the second get made %d connections, want none", n)
			}
			if source == ecrtest.FromProcess && home.ProcessCalls() != processes {
				t.Error("the second get ran the credential process")
			}
		})
	}
}

func TestOneTokenForAllAccountsOfARegion(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	var hosts []string
	for i := range 50 {
		h := fmt.Sprintf("%012d.dkr.ecr.eu-west-1.amazonaws.com", 100_000_000_000+int64(i))
		hosts = append(hosts, h)
		u.get(h)
	}
	wantCalls(t, s, getToken, 1)
	listed := u.list()
	if got := slices.Sorted(maps.Keys(listed)); !slices.Equal(got, hosts) {
		t.Errorf("list names %d hosts, want the 50 that were served", len(got))
	}
	for h, name := range listed {
		if name != "AWS" {
			t.Errorf("list names user %q for %s", name, h)
		}
	}
	wantCalls(t, s, getToken, 1)
}

func TestSeparateTokens(t *testing.T) {
	t.Parallel()
	t.Run("by region", func(t *testing.T) {
		t.Parallel()
		s := ecrtest.New(t)
		u := newSourceUser(t, s, ecrtest.FromEnvironment)
		for range 2 {
			u.get("123456789012.dkr.ecr.us-east-1.amazonaws.com")
			u.get("123456789012.dkr.ecr.eu-west-1.amazonaws.com")
		}
		wantCalls(t, s, getToken, 2)
	})
	t.Run("by profile", func(t *testing.T) {
		t.Parallel()
		s := ecrtest.New(t)
		dir := t.TempDir()
		home := s.Home(dir)
		home.Keys("one", s.AddUser("one"))
		home.Keys("two", s.AddUser("two"))
		u := newUser(t, dir, home.Env())
		for range 2 {
			for _, profile := range []string{"one", "two"} {
				l := u.with("AWS_PROFILE=" + profile).get(host)
				if principal, _ := s.PrincipalOf(l.Secret); !strings.HasSuffix(principal.ARN, "/"+profile) {
					t.Errorf("the token of profile %s belongs to %s", profile, principal.ARN)
				}
			}
		}
		wantCalls(t, s, getToken, 2)
	})
	t.Run("by the program's name", func(t *testing.T) {
		t.Parallel()
		s := ecrtest.New(t)
		dir := t.TempDir()
		home := s.Home(dir)
		home.Keys("one", s.AddUser("one"))
		home.Keys("prod", s.AddUser("prod"))
		u := newUser(t, dir, home.Env("AWS_PROFILE=one"))
		link := filepath.Join(t.TempDir(), "docker-credential-ecr-login-prod")
		if err := os.Symlink(helper, link); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			cmd := u.command(host, "get")
			cmd.Path, cmd.Args[0] = link, link
			l := readLogin(t, finish(t, cmd))
			if principal, _ := s.PrincipalOf(l.Secret); !strings.HasSuffix(principal.ARN, "/prod") {
				t.Errorf("the token of the program named -prod belongs to %s", principal.ARN)
			}
		}
		u.get(host)
		wantCalls(t, s, getToken, 2)
	})
	t.Run("by kind", func(t *testing.T) {
		t.Parallel()
		s := ecrtest.New(t)
		u := newSourceUser(t, s, ecrtest.FromEnvironment)
		for range 2 {
			u.get("123456789012.dkr.ecr.us-east-1.amazonaws.com")
			u.get("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com")
			u.get("123456789012.dkr-ecr.us-east-1.on.aws")
			u.get("public.ecr.aws")
		}
		wantCalls(t, s, getToken, 3)
		wantCalls(t, s, "ecr-public:GetAuthorizationToken", 1)
	})
}

func TestSpellings(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	for _, spelling := range []string{
		host, host + "\n", "https://" + host, "http://" + host, "HTTPS://" + strings.ToUpper(host), host + ":443",
		"https://" + host + ":443", "http://" + host + ":443", host + ".", host + "/", "https://" + host + "/v2/", " " + host + " ",
	} {
		if l := u.get(spelling); l.ServerURL != strings.TrimSpace(spelling) {
			t.Errorf("get of %q returned %q", spelling, l.ServerURL)
		}
	}
	wantCalls(t, s, getToken, 1)
}

// A token whose expiry is in the past is returned, because the expiry may be wrong, and not cached.
func TestExpiryInThePast(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	s.SetTokenLife(-time.Hour)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	u.get(host)
	u.get(host)
	wantCalls(t, s, getToken, 2)
	if hosts := u.list(); len(hosts) != 0 {
		t.Errorf("list names %v, although the cache has no token", hosts)
	}
}

// With a clock that is wrong by days, a token is cached for its lifetime.
func TestClockOffByDays(t *testing.T) {
	t.Parallel()
	for _, offset := range []time.Duration{48 * time.Hour, -48 * time.Hour} {
		for _, source := range []ecrtest.Source{ecrtest.FromEnvironment, ecrtest.FromRole, ecrtest.FromRoleChain} {
			s := ecrtest.New(t)
			s.SetClockOffset(offset)
			u := newSourceUser(t, s, source)
			first := u.get(host)
			calls := s.Calls(getToken)
			if second := u.get(host); second != first {
				t.Errorf("server's clock off by %s, credentials from %s: the token was not cached", offset, source)
			}
			wantCalls(t, s, getToken, calls)
		}
	}
}

func TestPublicWithoutCredentials(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	u := newUser(t, dir, s.Home(dir).Env())
	for _, h := range []string{"public.ecr.aws", "ecr-public.aws.com"} {
		a := u.run(h, "get")
		if want := (result{notFoundLine, "", 1}); a != want {
			t.Errorf("get %s: %+v, want %+v", h, a, want)
		}
	}
	wantCalls(t, s, "ecr-public:GetAuthorizationToken", 0)
}

// A token for ECR Public is not used after the end of the session that it was fetched with.
func TestPublicEndsWithItsSession(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	s.SetSessionLife(time.Hour)
	u := newSourceUser(t, s, ecrtest.FromRole)
	u.get("public.ecr.aws")
	if life := u.onlyEntryExpiresIn(); life > time.Hour || life < 50*time.Minute {
		t.Errorf("the entry ends in %s, want the session's hour", life)
	}
}
