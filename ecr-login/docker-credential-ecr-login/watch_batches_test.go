package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// badProfile gives this process's home a profile that AWS refuses.
func badProfile(t *testing.T, name string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials")
	text := "[" + name + "]\naws_access_key_id = not-a-real-key\naws_secret_access_key = not-a-real-secret\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", path)
}

// Two principals of one host, one of whom AWS refuses: the other one's token is kept, and the refused one is asked for
// less and less often, and told once.
func TestWatchOfTwoPrincipalsOfOneHost(t *testing.T) {
	s := newSimulation(t)
	badProfile(t, "prod")
	s.configure(`{"credHelpers": {"` + host + `": "ecr-login-prod", "https://` + host + `": "ecr-login"}}`)
	begin := s.now
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := s.p.watch(nil, false)
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
	w.run(ctx)
	if n := successes(s.aws); n != 1 {
		t.Errorf("%d tokens were fetched, want the one of the principal whom AWS knows", n)
	}
	if n := s.aws.Calls(getToken); n < 5 || n > 20 {
		t.Errorf("%d calls in an hour", n)
	}
	if n := strings.Count(s.out.String(), "refused"); n != 1 {
		t.Errorf("the refusal was told %d times, want once:\n%s", n, s.out.String())
	}
}

// Whatever a round says, the watch rests.
func TestWatchAlwaysRests(t *testing.T) {
	s := newSimulation(t, host)
	badProfile(t, "prod")
	t.Setenv("AWS_PROFILE", "prod")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Setenv(name, "")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := s.p.watch([]string{host}, false)
	w.random = func() float64 { return -1 } // a pause of nothing
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
	w.run(ctx)
	if rounds != 3 || !strings.Contains(s.out.String(), "refused") {
		t.Errorf("%d rounds:\n%s", rounds, s.out.String())
	}
}
