package main

import (
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
)

// environ looks up an environment variable of the user.
func (u *user) environ(key string) (string, bool) {
	value, found := "", false
	for _, v := range u.env {
		if k, val, _ := strings.Cut(v, "="); k == key {
			value, found = val, true // the last one applies
		}
	}
	return value, found
}

// disk returns the user's cache, opened as the helper opens it.
func (u *user) disk() *cache.Disk {
	u.t.Helper()
	settings, err := config.Load(u.environ)
	if err != nil {
		u.t.Fatal(err)
	}
	return cache.Open(plan.CacheOptions(settings, u.environ))
}

// plan returns the plan of a get.
func (u *user) plan(serverURL string) plan.Plan {
	u.t.Helper()
	p, err := u.tryPlan(serverURL)
	if err != nil {
		u.t.Fatal(err)
	}
	return p
}

// tryPlan returns the plan of a get for a host that may not be ECR.
func (u *user) tryPlan(serverURL string) (plan.Plan, error) {
	settings, err := config.Load(u.environ)
	if err != nil {
		return plan.Plan{}, err
	}
	return (&plan.Planner{Settings: settings, Environ: u.environ}).For(serverURL)
}

// seed stores a token in the user's cache that was fetched some time ago and is valid for twelve
// hours.
func (u *user) seed(s *ecrtest.Server, serverURL string, age time.Duration) login {
	u.t.Helper()
	p := u.plan(serverURL)
	principal := ecrtest.Principal{ARN: "arn:aws:iam::" + ecrtest.Account + ":user/seeded", Account: ecrtest.Account}
	password := s.IssueToken(principal, "ecr", p.Registry.Region).Password
	e := cache.Entry{
		Value:    plan.Login{Username: "AWS", Password: password}.Value(),
		Fetched:  time.Now().Add(-age),
		Lifetime: 12 * time.Hour,
		Refresh:  6 * time.Hour,
	}
	if err := u.disk().Put(p.TokenKey, e); err != nil {
		u.t.Fatal(err)
	}
	return login{serverURL, "AWS", password}
}

func TestAgingToken(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	old := u.seed(s, host, 7*time.Hour)
	if hosts := u.list(); len(hosts) != 0 {
		t.Errorf("list names %v, which were never served", hosts)
	}

	// After a failed refresh the token is used, and there is no other refresh for a minute.
	s.SetFault(getToken, ecrtest.AccessDenied())
	for range 3 {
		if got := u.get(host); got != old {
			t.Error("the aging token was not returned after a refusal")
		}
	}
	wantCalls(t, s, getToken, 1)
	if hosts := u.list(); hosts[host] != "AWS" {
		t.Errorf("list: %v, want the aging token's host", hosts)
	}

	// After that minute it is refreshed.
	s.SetFault(getToken)
	other := newSourceUser(t, s, ecrtest.FromFile)
	old = other.seed(s, host, 7*time.Hour)
	if got := other.get(host); got == old {
		t.Error("the aging token was not refreshed")
	}
	wantCalls(t, s, getToken, 2)
}

func TestExpiredTokenIsNotReturned(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	u.get(host) // so that list knows the host
	old := u.seed(s, host, 13*time.Hour)
	if hosts := u.list(); len(hosts) != 0 {
		t.Errorf("list names %v, whose token has expired", hosts)
	}
	s.SetFault(getToken, ecrtest.AccessDenied())
	a := u.run(host, "get")
	if a.code != 1 || !strings.Contains(a.stdout, "is not allowed to call ecr:GetAuthorizationToken") {
		t.Errorf("%+v, want AWS's refusal", a)
	}
	s.SetFault(getToken)
	if got := u.get(host); got == old {
		t.Error("the expired token was returned")
	}
}
