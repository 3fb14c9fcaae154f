package ecrlogin_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// onMessage is a log handler that runs a function when a message is logged.
type onMessage map[string]func()

func (onMessage) Enabled(context.Context, slog.Level) bool { return true }
func (h onMessage) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h onMessage) WithGroup(string) slog.Handler          { return h }
func (h onMessage) Handle(_ context.Context, r slog.Record) error {
	if f := h[r.Message]; f != nil {
		f()
	}
	return nil
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Error(err)
	}
}

// wantPrincipal checks whose token a get returns.
func wantPrincipal(t *testing.T, s *ecrtest.Server, h *ecrlogin.Helper, arn string) {
	t.Helper()
	c, err := h.Get(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	if who, _ := s.PrincipalOf(c.Password); who.ARN != arn {
		t.Errorf("the token of %s, want that of %s", who.ARN, arn)
	}
}

// The credentials file has another access key while the token is fetched, and the first one again
// afterwards.
func TestFileChangesDuringFetch(t *testing.T) {
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	become(t, home.Keys("default", s.AddUser("first")))
	path := filepath.Join(home.Dir, ".aws", "credentials")
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, "")
	home.Keys("default", s.AddUser("second"))
	second, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, string(first))
	const arn = "arn:aws:iam::" + ecrtest.Account + ":user/first"
	wantPrincipal(t, s, ecrlogin.New(ecrlogin.Options{Log: slog.New(onMessage{
		"fetching":                     func() { writeFile(t, path, string(second)) },
		"authorization token received": func() { writeFile(t, path, string(first)) },
	})}), arn)
	wantPrincipal(t, s, ecrlogin.New(ecrlogin.Options{}), arn) // from the cache
}

// changingToken returns a Helper with a web identity token that becomes another principal's when the
// Helper logs message for the first time.
func changingToken(t *testing.T, message string) (*ecrtest.Server, *ecrlogin.Helper) {
	t.Helper()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	const role = "arn:aws:iam::" + ecrtest.Account + ":role/pull"
	become(t, home.WebIdentity("", ecrtest.Role{ARN: role, Subject: "system:serviceaccount:default:first"}))
	changes := 0
	return s, ecrlogin.New(ecrlogin.Options{Log: slog.New(onMessage{message: func() {
		if changes++; changes == 1 {
			home.WebIdentity("", ecrtest.Role{ARN: role, Subject: "system:serviceaccount:default:second"})
		}
	}})})
}

// A refresh fetches again when the web identity token changes, for the second principal.
func TestTokenFileChangesDuringRefresh(t *testing.T) {
	s, h := changingToken(t, "authorization token received")
	status, err := h.Refresh(t.Context(), host)
	if err != nil || status.State != cache.Fresh {
		t.Fatalf("%+v, %v", status, err)
	}
	if n := s.Calls(getToken); n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
}

// The web identity token becomes another principal's while the token is fetched.
func TestTokenFileChangesDuringFetch(t *testing.T) {
	s, h := changingToken(t, "fetching")
	if _, err := h.Get(t.Context(), host); err != nil {
		t.Fatal(err)
	}
	if n := s.Calls(getToken); n != 2 {
		t.Errorf("%d calls, want 2: the token of the second principal must not be stored for the first", n)
	}
	wantPrincipal(t, s, ecrlogin.New(ecrlogin.Options{}), "arn:aws:sts::"+ecrtest.Account+":assumed-role/pull/ecrtest")
	if n := s.Calls(getToken); n != 2 {
		t.Errorf("%d calls: the token of the second principal was not stored", n)
	}
}
