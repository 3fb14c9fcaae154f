package main

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A lookup every hour for 13 hours, in which the first token expires: each library returns a valid
// token each time, and makes this many calls. The libraries run on a simulated clock.
func TestThirteenHours(t *testing.T) {
	for name, limits := range map[string][2]int{
		withConfig:                      {2, 4},
		"amazon-ecr-credential-helper ": {2, 4},
		"fluxcd/pkg/auth ":              {13, 14}, // keeps a token for an hour at most
	} {
		t.Run(name, func(t *testing.T) {
			w := newTestWorld(t, ecrtest.FromFile)
			begin := time.Now()
			var elapsed atomic.Int64
			w.server.SetClock(func() time.Time { return begin.Add(time.Duration(elapsed.Load())) })
			t.Setenv("AWS_ENDPOINT_URL", withoutKeepAlive(t, w.server.URL))
			w.transport.DisableKeepAlives = true

			find, err := libraryNamed(t, name).new(w)
			if err != nil {
				t.Fatal(err)
			}

			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(begin)) // the simulated clock begins in the year 2000
				for hour := range 14 {
					elapsed.Store(int64(time.Since(begin)))
					_, password, err := find(t.Context(), host)
					if err != nil {
						t.Fatalf("after %d hours: %v", hour, err)
					}
					if token, known := w.server.Token(password); !known || !token.Expires.After(time.Now()) {
						t.Errorf("after %d hours: an expired token", hour)
					}
					time.Sleep(time.Hour)
				}
			})
			if n := w.server.Calls(getToken); n < limits[0] || n > limits[1] {
				t.Errorf("%d calls, want %d to %d", n, limits[0], limits[1])
			}
		})
	}
}

// withoutKeepAlive returns the URL of a proxy for a server that closes each connection after its
// response: a simulated clock stands still while a goroutine waits for a connection.
func withoutKeepAlive(t *testing.T, server string) string {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = to.Scheme, to.Host
		r.Out.Host = r.In.Host // it is signed
	}})
	front.Config.SetKeepAlivesEnabled(false)
	front.Start()
	t.Cleanup(front.Close)
	return front.URL
}

func libraryNamed(t *testing.T, prefix string) library {
	t.Helper()
	for _, l := range libraries() {
		if strings.HasPrefix(l.name, prefix) {
			return l
		}
	}
	t.Fatalf("no library %q", prefix)
	return library{}
}

func newTestWorld(t *testing.T, source ecrtest.Source) *world {
	t.Helper()
	w, err := newWorld(source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}
