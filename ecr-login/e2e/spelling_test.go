//go:build e2e && linux

package e2e

import "testing"

// nerdctl is not among the clients: its module was not to be had when this was written. What it asks a helper is known
// (pkg/imgutil/dockerconfigresolver): six spellings of one host, in turn, a process for each.
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
