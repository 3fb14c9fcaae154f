// Package library compares the Go library with the one of amazon-ecr-credential-helper.
package library

import (
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	existing "github.com/awslabs/amazon-ecr-credential-helper/ecr-login"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/cache/memory"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/inmemory"
)

const (
	host     = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	getToken = "ecr:GetAuthorizationToken"
)

// server starts ecrtest and sets the environment of the process: a profile with access keys.
func server(tb testing.TB) *ecrtest.Server {
	tb.Helper()
	s, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "ECR_LOGIN_") {
			tb.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	for _, v := range s.Home(tb.TempDir()).Keys("work", s.AddUser("controller")) {
		name, value, _ := strings.Cut(v, "=")
		tb.Setenv(name, value)
	}
	return s
}

func explicit(s *ecrtest.Server) *ecrlogin.Helper {
	cfg := s.Config(s.AddUser("explicit"))
	return ecrlogin.New(inmemory.Options(ecrlogin.Options{Config: &cfg}))
}

func shared() *ecrlogin.Helper {
	return ecrlogin.New(ecrlogin.Options{Tier: func(disk cache.Store) cache.Store { return memory.Over(disk) }})
}

func peer() *existing.ECRHelper { return existing.NewECRHelper(existing.WithLogger(io.Discard)) }

// Each library returns a token of the fake, or the figures below would mean nothing.
func TestLibrariesWork(t *testing.T) {
	s := server(t)
	check := func(name, user, password string, err error) {
		t.Helper()
		if _, known := s.PrincipalOf(password); err != nil || user != "AWS" || !known {
			t.Errorf("%s: user %q, %v", name, user, err)
		}
	}
	for name, h := range map[string]*ecrlogin.Helper{"explicit": explicit(s), "shared": shared()} {
		c, err := h.Get(t.Context(), host)
		check(name, c.Username, c.Password, err)
	}
	user, password, err := peer().Get(host)
	check("amazon-ecr-credential-helper", user, password, err)
}

// 200 goroutines that start together with an empty cache: how many tokens are requested.
func TestColdGoroutines(t *testing.T) {
	for name, run := range map[string]func(*ecrtest.Server) func() error{
		"explicit": func(s *ecrtest.Server) func() error {
			h := explicit(s)
			return func() error { _, err := h.Get(t.Context(), host); return err }
		},
		"amazon-ecr-credential-helper": func(*ecrtest.Server) func() error {
			h := peer()
			return func() error { _, _, err := h.Get(host); return err }
		},
	} {
		s := server(t)
		get := run(s)
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				if err := get(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		t.Logf("%s: %d calls", name, s.Calls(getToken))
		if name == "explicit" && s.Calls(getToken) != 1 {
			t.Errorf("%d calls, want 1", s.Calls(getToken))
		}
	}
}

func benchmark(b *testing.B, get func() error) {
	for range 3 {
		if err := get(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := get(); err != nil {
			b.Fatal(err)
		}
	}
}

// A fresh token in memory, with an explicit aws.Config.
func BenchmarkWarmGetConfig(b *testing.B) {
	h := explicit(server(b))
	benchmark(b, func() error { _, err := h.Get(b.Context(), host); return err })
}

// A fresh token in memory, with a profile and the cache on disk. The files are older than the two
// seconds in which a change could go unnoticed.
func BenchmarkWarmGetFiles(b *testing.B) {
	server(b)
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		if file := os.Getenv(name); file != "" {
			_ = os.Chtimes(file, old, old)
		}
	}
	h := shared()
	benchmark(b, func() error { _, err := h.Get(b.Context(), host); return err })
}

// The same token with amazon-ecr-credential-helper, whose cache is a file.
func BenchmarkWarmGetExisting(b *testing.B) {
	server(b)
	h := peer()
	benchmark(b, func() error { _, _, err := h.Get(host); return err })
}

// The lower bound: a map under a lock.
func BenchmarkMap(b *testing.B) {
	var mu sync.RWMutex
	m := map[string]ecrlogin.Credentials{host: {Username: "AWS", Password: "not-a-real-token"}}
	benchmark(b, func() error {
		mu.RLock()
		defer mu.RUnlock()
		if m[host].Username == "" {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
}
