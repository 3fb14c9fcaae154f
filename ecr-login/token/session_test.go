package token_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// locker is a lock that processes take over HTTP.
func locker(t *testing.T) string {
	t.Helper()
	free := make(chan struct{}, 1)
	free <- struct{}{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/unlock" {
			free <- struct{}{}
			return
		}
		select {
		case <-free:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// The session lock is taken for the session's file if that session must be refreshed, and not
// otherwise.
func TestSessionLock(t *testing.T) {
	t.Parallel()
	refreshed := map[ecrtest.Source]string{ecrtest.FromExpiredSSO: "sso", ecrtest.FromExpiredLogin: "login"}
	for _, source := range ecrtest.Sources() {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			home := t.TempDir()
			env := s.Env(home, source)
			r := fetch(t, env, job{Request: private(ecrtest.Region), Lock: locker(t)})
			wantToken(t, s, r, source.Principal())
			kind, ok := refreshed[source]
			if !ok {
				if len(r.Locked) != 0 {
					t.Errorf("locked %v", r.Locked)
				}
				return
			}
			files, err := filepath.Glob(filepath.Join(home, ".aws", kind, "cache", "*.json"))
			if err != nil || len(files) != 1 {
				t.Fatalf("session files %v, %v", files, err)
			}
			if len(r.Locked) != 1 || r.Locked[0] != files[0] {
				t.Errorf("locked %v, want %v", r.Locked, files)
			}
			// The refreshed session is valid for the next Fetch, which needs no lock.
			r = fetch(t, env, job{Request: private(ecrtest.Region), Lock: locker(t)})
			wantToken(t, s, r, source.Principal())
			if len(r.Locked) != 0 {
				t.Errorf("a valid session was locked: %v", r.Locked)
			}
		})
	}
}

// The lock matters for a chain that only rests on such a session.
func TestSessionLockBelowRole(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	assignment := ecrtest.Assignment{Account: ecrtest.Account, Role: "developer"}
	home.SSO("below", "company", s.NewSSOSession("somebody", -time.Minute, assignment), assignment)
	env := home.AssumeRole("above", "below", ecrtest.Role{ARN: "arn:aws:iam::123456789012:role/above"})
	r := fetch(t, env, job{Request: private(ecrtest.Region), Lock: locker(t)})
	wantToken(t, s, r, "arn:aws:sts::123456789012:assumed-role/above/ecrtest")
	if len(r.Locked) != 1 {
		t.Errorf("locked %v", r.Locked)
	}
}

// Many processes at once refresh a session once: those that get the lock later find what the
// previous one has written. Without the lock, several processes would use a refresh token that
// works once.
func TestSessionIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	for source, op := range map[ecrtest.Source]string{ecrtest.FromExpiredSSO: "sso-oidc:CreateToken", ecrtest.FromExpiredLogin: "signin:CreateToken"} {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			env := s.Env(t.TempDir(), source)
			lock := locker(t)
			results := make([]result, 4)
			var running sync.WaitGroup
			for i := range results {
				running.Go(func() { results[i] = fetch(t, env, job{Request: private(ecrtest.Region), Lock: lock}) })
			}
			running.Wait()
			for _, r := range results {
				wantToken(t, s, r, source.Principal())
			}
			if n := s.Calls(op); n != 1 {
				t.Errorf("refreshed %d times", n)
			}
		})
	}
}

// A session that cannot be refreshed is reported without a lock.
func TestSessionEnded(t *testing.T) {
	t.Parallel()
	assignment := ecrtest.Assignment{Account: ecrtest.Account, Role: "developer"}
	sso := func(life time.Duration, name string, change func(*ecrtest.Server, *ecrtest.Home, ecrtest.SSOSession) ecrtest.SSOSession) func(*ecrtest.Server, *ecrtest.Home) []string {
		return func(s *ecrtest.Server, home *ecrtest.Home) []string {
			session := s.NewSSOSession("somebody", life, assignment)
			session = change(s, home, session)
			return home.SSO("work", name, session, assignment)
		}
	}
	ended := func(s *ecrtest.Server, _ *ecrtest.Home, session ecrtest.SSOSession) ecrtest.SSOSession {
		s.EndSSOSession(session)
		return session
	}
	forever := func(s *ecrtest.Server, _ *ecrtest.Home, session ecrtest.SSOSession) ecrtest.SSOSession {
		session.RefreshToken = ""
		return session
	}
	removeFiles := func(kind string) func(*testing.T, string) {
		return func(t *testing.T, home string) {
			if err := os.RemoveAll(filepath.Join(home, ".aws", kind)); err != nil {
				t.Fatal(err)
			}
		}
	}
	garble := func(kind string) func(*testing.T, string) {
		return func(t *testing.T, home string) {
			files, err := filepath.Glob(filepath.Join(home, ".aws", kind, "cache", "*.json"))
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			write(t, files[0], `{"accessToken": not JSON`)
		}
	}
	const arn = "arn:aws:iam::123456789012:user/somebody"
	tests := []struct {
		name   string
		setUp  func(*ecrtest.Server, *ecrtest.Home) []string
		after  func(*testing.T, string)
		kind   token.Kind
		words  string
		locked int
	}{
		{"SSO ended at AWS", sso(time.Hour, "company", ended), nil, token.SSOExpired, "has expired", 0},
		{"SSO ended and its token too", sso(-time.Minute, "company", ended), nil, token.SSOExpired, "has expired", 1},
		{"SSO without a refresh token", sso(-time.Minute, "company", forever), nil, token.SSOExpired, "has expired", 0},
		{"SSO of the old kind", sso(-time.Minute, "", forever), nil, token.SSOExpired, "has expired", 0},
		{"SSO never begun", sso(time.Hour, "company", forever), removeFiles("sso"), token.SSOExpired, "not logged in", 0},
		{"SSO of the old kind never begun", sso(time.Hour, "", forever), removeFiles("sso"), token.SSOExpired, "not logged in", 0},
		{"SSO file garbled", sso(time.Hour, "company", forever), garble("sso"), token.SSOExpired, "cannot decode the session file", 0},
		{"SSO without the role", func(s *ecrtest.Server, home *ecrtest.Home) []string {
			return home.SSO("work", "company", s.NewSSOSession("somebody", time.Hour, assignment), ecrtest.Assignment{Account: ecrtest.Account, Role: "administrator"})
		}, nil, token.AccessDenied, `"administrator"`, 0},
		{"login ended", func(s *ecrtest.Server, home *ecrtest.Home) []string {
			session := s.NewLoginSession(arn, -time.Minute)
			s.EndLoginSession(session)
			return home.Login("work", arn, session)
		}, nil, token.LoginExpired, "`aws login` session", 1},
		{"login never begun", func(s *ecrtest.Server, home *ecrtest.Home) []string {
			return home.Login("work", arn, s.NewLoginSession(arn, time.Hour))
		}, removeFiles("login"), token.LoginExpired, "not logged in", 0},
		{"login file torn", func(s *ecrtest.Server, home *ecrtest.Home) []string {
			return home.Login("work", arn, s.NewLoginSession(arn, time.Hour))
		}, garble("login"), token.LoginExpired, "cannot decode the session file", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			dir := t.TempDir()
			env := test.setUp(s, s.Home(dir))
			if test.after != nil {
				test.after(t, dir)
			}
			r := fetch(t, env, job{Request: private(ecrtest.Region), Lock: locker(t)})
			wantError(t, r, test.kind, test.words, "work")
			if len(r.Locked) != test.locked {
				t.Errorf("locked %v", r.Locked)
			}
			if r.Err.Profile != "work" {
				t.Errorf("profile %q", r.Err.Profile)
			}
			want := "run: aws sso login --sso-session company"
			if strings.Contains(test.name, "of the old kind") {
				want = "run: aws sso login --profile work"
			}
			if test.kind == token.SSOExpired && r.Hint != want {
				t.Errorf("hint %q", r.Hint)
			}
			if strings.Contains(r.Text, "not-a-real") {
				t.Errorf("a token is in %q", r.Text)
			}
		})
	}
}

// A home that cannot be written to prevents a refresh. That is another error than an expired
// session.
func TestRefreshCannotBeStored(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root can write everywhere")
	}
	s := ecrtest.New(t)
	home := t.TempDir()
	env := s.Env(home, ecrtest.FromExpiredSSO)
	cache := filepath.Join(home, ".aws", "sso", "cache")
	if err := os.Chmod(cache, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(cache, 0o700) })
	r := fetch(t, env, job{Request: private(ecrtest.Region)})
	wantError(t, r, token.Configuration, "cannot use the SSO session", cache)
}

// The AWS CLI reads expiry times in more forms than the SDK. A session with such a time works, also
// if it must be refreshed.
func TestSessionTimes(t *testing.T) {
	t.Parallel()
	for _, source := range []ecrtest.Source{ecrtest.FromSSO, ecrtest.FromLegacySSO, ecrtest.FromExpiredSSO, ecrtest.FromLogin, ecrtest.FromExpiredLogin} {
		for _, zone := range []string{"UTC", "+0000", " UTC"} {
			t.Run(string(source)+" "+zone, func(t *testing.T) {
				t.Parallel()
				s := ecrtest.New(t)
				dir := t.TempDir()
				env := s.Env(dir, source)
				files, err := filepath.Glob(filepath.Join(dir, ".aws", "*", "cache", "*.json"))
				if err != nil || len(files) != 1 {
					t.Fatal(files, err)
				}
				text, err := os.ReadFile(files[0])
				if err != nil {
					t.Fatal(err)
				}
				odd := regexp.MustCompile(`("expiresAt": "[^"]*)Z"`).ReplaceAll(text, []byte(`${1}`+zone+`"`))
				if string(odd) == string(text) {
					t.Fatalf("no time in %s", text)
				}
				write(t, files[0], string(odd))
				r := fetch(t, env, job{Request: private(ecrtest.Region)})
				wantToken(t, s, r, source.Principal())
				if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%v, %v", info.Mode(), err)
				}
			})
		}
	}
}

// A web identity token file that is a FIFO or endless ends the fetch with an error that names it.
func TestTokenFileIsNotRegular(t *testing.T) {
	t.Parallel()
	for path, words := range map[string]string{"/dev/zero": "not a regular file", "/proc/self": "not a regular file"} {
		r := fetch(t, settings(t, "AWS_WEB_IDENTITY_TOKEN_FILE="+path, "AWS_ROLE_ARN="+ruleRole), job{Request: private("us-east-1")})
		wantError(t, r, token.NoCredentials, `"`+path+`"`, words)
		r = fetch(t, settings(t, "AWS_CA_BUNDLE="+path), job{Request: private("us-east-1")})
		wantError(t, r, token.Configuration, `"`+path+`"`, words)
		r = fetch(t, settings(t, "SSL_CERT_FILE="+path), job{Request: private("us-east-1")})
		wantError(t, r, token.Configuration, "SSL_CERT_FILE", `"`+path+`"`, words)
	}
}
