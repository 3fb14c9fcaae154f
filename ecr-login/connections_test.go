package ecrlogin_test

import (
	"runtime"
	"testing"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/inmemory"
)

// Refreshes of one Helper share a connection, and leave no goroutine when it has been idle.
func TestRefreshesShareConnection(t *testing.T) {
	for name, options := range map[string]func(t *testing.T, s *ecrtest.Server) ecrlogin.Options{
		"environment": func(t *testing.T, s *ecrtest.Server) ecrlogin.Options {
			become(t, s.Env(t.TempDir(), ecrtest.FromEnvironment))
			return inmemory.Options(ecrlogin.Options{})
		},
		"explicit": func(t *testing.T, s *ecrtest.Server) ecrlogin.Options {
			poisonEnvironment(t)
			cfg := s.Config(s.AddUser("controller"))
			cfg.HTTPClient, cfg.BaseEndpoint = nil, &s.URL // the default transport, without TLS
			return inmemory.Options(ecrlogin.Options{Config: &cfg})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := ecrtest.New(t)
			h := ecrlogin.New(options(t, s))
			before := runtime.NumGoroutine()
			for range 50 {
				if _, err := h.Refresh(t.Context(), host); err != nil {
					t.Fatal(err)
				}
			}
			wantCalls(t, s, 50)
			if n := s.Connections(); n > 25 { // one, unless the process pauses for longer than the idle time
				t.Errorf("%d connections for 50 refreshes", n)
			}
			for runtime.NumGoroutine() > before { // ends with the test's timeout if they stay
				runtime.Gosched()
			}
		})
	}
}
