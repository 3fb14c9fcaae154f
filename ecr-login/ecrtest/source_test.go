package ecrtest_test

import (
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// TestSourcesWithSDK checks with the real SDK, in a process of its own, that each source gives a
// token of its principal.
func TestSourcesWithSDK(t *testing.T) {
	t.Parallel()
	for _, src := range ecrtest.Sources() {
		t.Run(string(src), func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			r := run(t, "ecr", s.Env(t.TempDir(), src))
			if r.Error != "" {
				t.Fatalf("%s\nrequests: %+v", r.Error, s.Requests(""))
			}
			p, ok := s.PrincipalOf(r.Password)
			if !ok || p.ARN != src.Principal() {
				t.Errorf("the token is %q's (known: %t), want %q's", p.ARN, ok, src.Principal())
			}
			if n := s.Calls("ecr:GetAuthorizationToken"); n != 1 {
				t.Errorf("%d token calls, want 1", n)
			}
		})
	}
}
