package ecrlogin_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/cache/memory"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// maxAllocations is the limit for a Get from memory with an explicit Config.
const maxAllocations = 10

func TestWarmGetAllocations(t *testing.T) {
	s := ecrtest.New(t)
	h := tenant(s, s.AddUser("controller"), ecrlogin.Options{})
	mustGet(t, h, host)
	if n := testing.AllocsPerRun(100, func() { mustGet(t, h, host) }); n > maxAllocations {
		t.Errorf("%v allocations, want at most %d", n, maxAllocations)
	}
}

func benchmarkGet(b *testing.B, h *ecrlogin.Helper) {
	for range 3 { // until the fingerprint of unchanged files is reused
		if _, err := h.Get(b.Context(), host); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Get(b.Context(), host); err != nil {
			b.Fatal(err)
		}
	}
}

// A fresh token in memory, with an explicit Config.
func BenchmarkWarmGetConfig(b *testing.B) {
	s, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	benchmarkGet(b, tenant(s, s.AddUser("controller"), ecrlogin.Options{}))
}

// A fresh token in memory, with a profile in the AWS files and the cache on disk below.
func BenchmarkWarmGetFiles(b *testing.B) {
	s, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	dir := b.TempDir()
	home := s.Home(dir)
	for _, v := range home.Keys("work", s.AddUser("controller")) {
		key, value, _ := strings.Cut(v, "=")
		b.Setenv(key, value)
	}
	settle(b, dir)
	benchmarkGet(b, ecrlogin.New(ecrlogin.Options{Tier: func(disk cache.Store) cache.Store { return memory.Over(disk) }}))
}

// The lower bound: a map under a lock.
func BenchmarkMap(b *testing.B) {
	var mu sync.RWMutex
	m := map[string]ecrlogin.Credentials{host: {Username: "AWS", Password: "not-a-real-token"}}
	b.ReportAllocs()
	for b.Loop() {
		mu.RLock()
		c := m[host]
		mu.RUnlock()
		if c.Username == "" {
			b.Fatal("absent")
		}
	}
}
