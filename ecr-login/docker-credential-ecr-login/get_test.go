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

// Every way in which the SDK finds credentials gets a token of the right principal with one call, and a second
// get makes no connection at all, nor starts a process.
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
			if who, ok := s.PrincipalOf(cold.Secret); !ok || who.ARN != source.Principal() {
				t.Errorf("the token belongs to %q, want %q", who.ARN, source.Principal())
			}
			if cold.ServerURL != host {
				t.Errorf("answered for %q", cold.ServerURL)
			}

			processes := 0
			if source == ecrtest.FromProcess {
				processes = home.ProcessCalls()
				if processes != 1 {
					t.Errorf("the credential process ran %d times, want 1", processes)
				}
			}
			// Access keys that rotate must not make a miss.
			s.RotateSessions()
			before := s.Connections()
			if warm := u.get(host); warm != cold {
				t.Error("the second answer differs from the first")
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
		h := fmt.Sprintf("%012d.dkr.ecr.eu-west-1.amazonaws.com", 100000000000+i)
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

func TestTokensAreKeptApart(t *testing.T) {
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
				if who, _ := s.PrincipalOf(l.Secret); !strings.HasSuffix(who.ARN, "/"+profile) {
					t.Errorf("profile %s got the token of %s", profile, who.ARN)
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
			if who, _ := s.PrincipalOf(l.Secret); !strings.HasSuffix(who.ARN, "/prod") {
				t.Errorf("the program named -prod got the token of %s", who.ARN)
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
			t.Errorf("asked for %q, answered for %q", spelling, l.ServerURL)
		}
	}
	wantCalls(t, s, getToken, 1)
}

// A server that reports an expiry in the past may be wrong about it: the token is handed on, but not kept.
func TestExpiryInThePast(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	s.SetTokenLife(-time.Hour)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	u.get(host)
	u.get(host)
	wantCalls(t, s, getToken, 2)
	if hosts := u.list(); len(hosts) != 0 {
		t.Errorf("list names %v, of which nothing can be served", hosts)
	}
}

// A clock that is wrong by days keeps a token for as long as it lives.
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
				t.Errorf("server's clock off by %s, credentials from %s: the token was not kept", offset, source)
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
		if want := (answer{notFoundLine, "", 1}); a != want {
			t.Errorf("get %s: %+v, want %+v", h, a, want)
		}
	}
	wantCalls(t, s, "ecr-public:GetAuthorizationToken", 0)
}

// A token for ECR Public is not served past the end of the session that fetched it.
func TestPublicEndsWithItsSession(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	s.SetSessionLife(time.Hour)
	u := newSourceUser(t, s, ecrtest.FromRole)
	u.get("public.ecr.aws")
	if life := u.onlyEntryEndsIn(); life > time.Hour || life < 50*time.Minute {
		t.Errorf("the entry ends in %s, want the session's hour", life)
	}
}
