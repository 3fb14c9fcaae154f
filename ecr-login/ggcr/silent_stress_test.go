//go:build stress

package ggcr_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ggcr"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/inmemory"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// A caller whose context ends after 300 ms has its error within 400 ms, wherever AWS is silent. The
// median of ten calls counts, because the machine may be busy for a moment.
func TestStressSilentAWS(t *testing.T) {
	const timeout, limit = 300 * time.Millisecond, 400 * time.Millisecond
	s := ecrtest.New(t)
	silent := make(chan struct{})
	t.Cleanup(func() { close(silent) })
	s.SetFault(getToken, ecrtest.Fault{Until: silent})
	hole, err := url.Parse(s.BlackHole())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*aws.Config){
		"ECR": func(*aws.Config) {},
		"the network": func(c *aws.Config) {
			c.HTTPClient = &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(hole)}}
		},
		"a provider that ignores its context": func(c *aws.Config) {
			c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				<-silent
				return aws.Credentials{}, errors.New("not needed any more")
			})
		},
	} {
		cfg := s.Config(s.AddUser("controller"))
		change(&cfg)
		var took []time.Duration
		for range 10 {
			k := ggcr.Keychain(ecrlogin.New(inmemory.Options(ecrlogin.Options{Config: &cfg})))
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			start := time.Now()
			_, err := resolve(ctx, k, host)
			took = append(took, time.Since(start))
			cancel()
			var e *ecrlogin.Error
			if !errors.As(err, &e) || e.Kind != token.Timeout {
				t.Fatalf("%s: %v, want the kind %s", name, err, token.Timeout)
			}
		}
		slices.Sort(took)
		t.Logf("%s: median %s, longest %s", name, took[5].Round(time.Millisecond), took[9].Round(time.Millisecond))
		if took[5] > limit {
			t.Errorf("%s: back after %s, want at most %s: %v", name, took[5], limit, took)
		}
	}
}
