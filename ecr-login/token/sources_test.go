package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// Each source of credentials, as the SDK knows it, gives its own principal's
// token, with one ECR call.
func TestSources(t *testing.T) {
	t.Parallel()
	for _, source := range ecrtest.Sources() {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			r := fetch(t, s.Env(t.TempDir(), source), job{Request: private(ecrtest.Region), Version: "1.2.3"})
			issued := wantToken(t, s, r, source.Principal())
			if issued.Service != "ecr" || issued.Region != ecrtest.Region {
				t.Errorf("the token is for %s in %s", issued.Service, issued.Region)
			}
			if n := s.Calls("ecr:GetAuthorizationToken"); n != 1 {
				t.Errorf("%d ECR calls", n)
			}
			if life := r.Token.Lifetime; life.Round(time.Minute) != 12*time.Hour {
				t.Errorf("lifetime %v, want 12h", life)
			}
			if (r.Token.Session != 0) != issued.Principal.Temporary && source != ecrtest.FromSessionEnvironment {
				t.Errorf("session %v, temporary %v", r.Token.Session, issued.Principal.Temporary)
			}
			for _, request := range s.Requests("") {
				if strings.HasPrefix(request.Op, "container:") {
					continue // the SDK's client for containers sends no user agent of its own
				}
				if !strings.Contains(request.UserAgent, "docker-credential-ecr-login/1.2.3") {
					t.Errorf("%s came from %q", request.Op, request.UserAgent)
				}
			}
		})
	}
}

// The log has where credentials came from and how long things took, and no
// secret; without a log nothing is written anywhere.
func TestLog(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	c := s.NewSession("arn:aws:sts::123456789012:assumed-role/pull/session")
	r := fetch(t, s.Home(t.TempDir()).Environment(c), job{Request: private(ecrtest.Region), Logged: true})
	wantToken(t, s, r, c.Principal.ARN)
	for _, words := range []string{"aws credentials resolved", "source=env", "authorization token received", "lifetime="} {
		if !strings.Contains(r.Log, words) {
			t.Errorf("the log does not have %q: %s", words, r.Log)
		}
	}
	for _, secret := range []string{r.Token.Password, c.SecretAccessKey, c.SessionToken, c.AccessKeyID} {
		if strings.Contains(r.Log, secret) {
			t.Errorf("%q is in the log: %s", secret, r.Log)
		}
	}
}
