package main

import (
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// Rules that differ only in the role, or in its session name, are different principals: they never
// share a token, also not in the cache.
func TestRulesDoNotShareTokens(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	home := s.Home(dir)
	env := home.Keys("base", s.AddUser("base"))
	for _, role := range []string{"reader", "writer"} {
		s.AddRole(ecrtest.Role{ARN: "arn:aws:iam::123456789012:role/" + role})
	}
	u := newUser(t, dir, env).settings(`
[[registry]]
match    = "111111111111"
profile  = "base"
role_arn = "arn:aws:iam::123456789012:role/reader"

[[registry]]
match    = "222222222222"
profile  = "base"
role_arn = "arn:aws:iam::123456789012:role/writer"

[[registry]]
match        = "333333333333"
profile      = "base"
role_arn     = "arn:aws:iam::123456789012:role/writer"
session_name = "nightly"

[[registry]]
match    = "444444444444"
profile  = "base"
`)
	principals := []struct{ account, arn string }{
		{"111111111111", "arn:aws:sts::123456789012:assumed-role/reader/docker-credential-ecr-login"},
		{"222222222222", "arn:aws:sts::123456789012:assumed-role/writer/docker-credential-ecr-login"},
		{"333333333333", "arn:aws:sts::123456789012:assumed-role/writer/nightly"},
		{"444444444444", "arn:aws:iam::123456789012:user/base"},
	}
	for _, round := range []string{"cold", "warm"} {
		for _, p := range principals {
			l := u.get(p.account + ".dkr.ecr.us-east-1.amazonaws.com")
			if principal, ok := s.PrincipalOf(l.Secret); !ok || principal.ARN != p.arn {
				t.Errorf("%s: the token of account %s belongs to %q, want %q", round, p.account, principal.ARN, p.arn)
			}
		}
		wantCalls(t, s, getToken, len(principals))
		wantCalls(t, s, "sts:AssumeRole", 3)
	}
}
