package refresh

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// addRefusedProfile adds a profile to the AWS files whose credentials AWS refuses.
func addRefusedProfile(t *testing.T, name string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials")
	text := "[" + name + "]\naws_access_key_id = not-a-real-key\naws_secret_access_key = not-a-real-secret\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", path)
}

// Of two principals for one host, AWS refuses one: the token of the other is refreshed, and the
// refused one is tried less and less often and reported once.
func TestWatchOfTwoPrincipalsOfOneHost(t *testing.T) {
	s := newSimulation(t)
	addRefusedProfile(t, "prod")
	s.configure(`{"credHelpers": {"` + host + `": "ecr-login-prod", "https://` + host + `": "ecr-login"}}`)
	begin := s.now
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := s.watcher()
	rounds := 0
	w.wait = func(_ context.Context, d time.Duration) {
		if rounds++; rounds > 100 {
			t.Errorf("a hundred rounds in %s", s.now.Sub(begin))
			cancel()
		}
		if s.set(s.now.Add(d)); s.now.Sub(begin) > time.Hour {
			cancel()
		}
	}
	w.Run(ctx)
	if n := successes(s.aws); n != 1 {
		t.Errorf("%d tokens were fetched, want the one of the principal that AWS accepts", n)
	}
	if n := s.aws.Calls(getToken); n < 5 || n > 20 {
		t.Errorf("%d calls in an hour", n)
	}
	if n := s.count(Failed); n != 1 {
		t.Errorf("the refusal was reported %d times, want once: %+v", n, s.results)
	}
}

// Even if a round returns no rest, the Watcher rests.
func TestWatchAlwaysRests(t *testing.T) {
	s := newSimulation(t, host)
	addRefusedProfile(t, "prod")
	t.Setenv("AWS_PROFILE", "prod")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Setenv(name, "")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := s.watcher(host)
	w.random = func() float64 { return -1 } // no wait at all
	rounds := 0
	w.wait = func(_ context.Context, d time.Duration) {
		if d < time.Second {
			t.Errorf("it rests for %s", d)
		}
		if rounds++; rounds == 3 {
			cancel()
		}
		s.set(s.now.Add(d))
	}
	w.Run(ctx)
	if rounds != 3 || s.count(Failed) != 1 {
		t.Errorf("%d rounds: %+v", rounds, s.results)
	}
}
