//go:build e2e && linux

package e2e

import "testing"

// TestSpellingsOfNerdctl plays nerdctl, whose version 2 cannot be downloaded as a module. It starts
// a process for each of six spellings of one host (pkg/imgutil/dockerconfigresolver).
func TestSpellingsOfNerdctl(t *testing.T) {
	u := newUser(t)
	u.signIn("default", devAccount)
	first := u.get(helperName, devHost+":443")
	for _, spelling := range []string{"https://" + devHost + ":443", "http://" + devHost + ":443", devHost, "https://" + devHost, "http://" + devHost} {
		if u.get(helperName, spelling) != first {
			t.Errorf("%s gets another token than %s:443", spelling, devHost)
		}
	}
	wantCalls(t, u.aws, getToken)
}
