//go:build stress

package main

import (
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A fleet is processes on machines of their own: each has a home and a cache of its own.
type fleet []*running

func startFleet(t *testing.T, s *ecrtest.Server, machines int, input string, args ...string) fleet {
	t.Helper()
	c := s.AddUser("node")
	users := make([]*user, machines)
	for i := range users {
		dir := t.TempDir()
		users[i] = newUser(t, dir, s.Home(dir).Environment(c))
	}
	f := make(fleet, machines)
	for i, u := range users {
		f[i] = u.startCommand(u.command(input, args...))
	}
	return f
}

// served waits for the fleet and returns how many processes returned a token.
func (f fleet) served(t *testing.T) int {
	t.Helper()
	served, failed := 0, ""
	for _, p := range f {
		if a := p.wait(); a.code == 0 {
			served++
		} else {
			failed = a.stderr
		}
	}
	if failed != "" {
		t.Logf("one of the failures: %s", failed)
	}
	return served
}

// TestStressFleetOfGets starts 150 machines at once against a limit that could serve all of them in
// nine of their fifteen seconds.
func TestStressFleetOfGets(t *testing.T) {
	s := ecrtest.New(t)
	s.SetRateLimit(getToken, 15, 10)
	const machines = 150
	served := startFleet(t, s, machines, host, "get").served(t)
	calls := float64(s.Calls(getToken)) / float64(max(served, 1))
	t.Logf("%d of %d served, %.2f calls for each token", served, machines, calls)
	if served*100 < machines*99 {
		t.Errorf("%d of %d served, want 99 %%", served, machines)
	}
	if calls > 3 {
		t.Errorf("%.2f calls for each token, want at most 3", calls)
	}
}

// TestStressFleetOfKubelets starts 300 machines at once. They could be served in 20 of 30 seconds.
func TestStressFleetOfKubelets(t *testing.T) {
	s := ecrtest.New(t)
	s.SetRateLimit(getToken, 15, 10)
	const machines = 300
	input := requestText(t, kubeletV1, kubeletRequestJSON{Image: host + "/app"})
	served := startFleet(t, s, machines, input, "kubelet").served(t)
	t.Logf("%d of %d served, %.2f calls for each token", served, machines, float64(s.Calls(getToken))/float64(max(served, 1)))
	if served*100 < machines*99 {
		t.Errorf("%d of %d served, want 99 %%", served, machines)
	}
}

// TestStressLightThrottle refuses one call. The capacity is free again 200 ms later.
func TestStressLightThrottle(t *testing.T) {
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	s.SetRateLimit(getToken, 5, 1)
	newSourceUser(t, s, ecrtest.FromFile).get(host) // takes what was in the bucket
	begin := time.Now()
	u.get(host)
	if took := time.Since(begin); took > 1500*time.Millisecond {
		t.Errorf("a call that was refused once took %v, want at most 1.5 s", took)
	}
}

// TestStressDeniedAmongThrottled checks that access denied costs one call each in a fleet.
func TestStressDeniedAmongThrottled(t *testing.T) {
	s := ecrtest.New(t)
	s.Deny(getToken)
	const machines = 20
	if served := startFleet(t, s, machines, host, "get").served(t); served != 0 {
		t.Errorf("%d served although AWS denies the token", served)
	}
	wantCalls(t, s, getToken, machines)
}
