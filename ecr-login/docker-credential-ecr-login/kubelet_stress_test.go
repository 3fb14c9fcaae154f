//go:build stress

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// TestStressKubeletTimeBudget checks that a request ends before the kubelet kills the program after
// a minute, whatever the settings.
func TestStressKubeletTimeBudget(t *testing.T) {
	s := ecrtest.New(t)
	dir := t.TempDir()
	u := newUser(t, dir, s.Home(dir).Environment(s.AddUser("somebody"))).with("AWS_ENDPOINT_URL=" + s.BlackHole()).settings("timeout = \"5m\"\n")
	begin := time.Now()
	a := u.run(requestText(t, kubeletV1, kubeletRequestJSON{Image: host + "/app"}), "kubelet")
	if a.code != 1 || a.stdout != "" || !strings.Contains(a.stderr, "timed out after 30s") {
		t.Errorf("%+v, want a time-out on standard error", a)
	}
	if took := time.Since(begin); took > 32*time.Second {
		t.Errorf("the answer took %s, want 30 s", took)
	}
}
