package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// settings returns the same user with a settings file.
func (u *user) settings(text string) *user {
	u.t.Helper()
	dir, err := os.MkdirTemp(u.dir, "settings-")
	if err != nil {
		u.t.Fatal(err)
	}
	file := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		u.t.Fatal(err)
	}
	return u.with("ECR_LOGIN_CONFIG=" + file)
}

// Thirty concurrent processes, as docker compose starts them, use three principals for three
// accounts: each registry gets the token of its principal, and each principal makes one request,
// also to assume a role.
func TestPrincipalPerRegistry(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	home := s.Home(dir)
	home.Keys("build", s.AddUser("arn:aws:iam::111122223333:user/build"))
	home.Keys("prod", s.AddUser("arn:aws:iam::222233334444:user/prod"))
	home.Keys("source", s.AddUser("source"))
	hop := ecrtest.Role{ARN: "arn:aws:iam::123456789012:role/hop", Trusted: []string{"arn:aws:iam::123456789012:user/source"}}
	home.AssumeRole("base", "source", hop)
	s.AddRole(ecrtest.Role{ARN: "arn:aws:iam::444455556666:role/pull-images", ExternalID: "external-id-for-tests", Trusted: []string{hop.ARN}})
	// The environment's profile is not used: every registry has a rule.
	home.Keys("unused", s.AddUser("unused"))
	u := newUser(t, dir, home.Env("AWS_PROFILE=unused")).settings(`
[[registry]]
match   = "111122223333.dkr.ecr.*.amazonaws.com"
profile = "build"

[[registry]]
match   = "222233334444"
profile = "prod"

[[registry]]
match        = "444455556666.dkr.ecr.*"
role_arn     = "arn:{partition}:iam::{account}:role/pull-images"
external_id  = "external-id-for-tests"
session_name = "compose"
profile      = "base"
`)
	principals := map[string]string{
		"111122223333.dkr.ecr.us-east-1.amazonaws.com": "arn:aws:iam::111122223333:user/build",
		"222233334444.dkr.ecr.us-east-1.amazonaws.com": "arn:aws:iam::222233334444:user/prod",
		"444455556666.dkr.ecr.us-east-1.amazonaws.com": "arn:aws:sts::444455556666:assumed-role/pull-images/compose",
	}

	// AWS sends no response before every process has started and every principal has made its
	// request.
	hold := make(chan struct{})
	s.SetFault(getToken, ecrtest.Fault{Until: hold})
	hosts := slices.Repeat(slices.Sorted(maps.Keys(principals)), 10)
	results := make([]result, len(hosts))
	var started, all sync.WaitGroup
	for i, h := range hosts {
		started.Add(1)
		all.Go(func() { results[i] = u.runStarted(started.Done, h) })
	}
	started.Wait()
	if err := s.Wait(t.Context(), getToken, len(principals)); err != nil {
		t.Error(err)
	}
	close(hold)
	all.Wait()

	for i, h := range hosts {
		l := readLogin(t, results[i])
		if principal, ok := s.PrincipalOf(l.Secret); !ok || principal.ARN != principals[h] {
			t.Errorf("the token of %s belongs to %q, want %q", h, principal.ARN, principals[h])
		}
	}
	calls := map[string]int{}
	for _, r := range s.Requests(getToken) {
		calls[r.Principal]++
	}
	for _, arn := range principals {
		if calls[arn] != 1 {
			t.Errorf("%d requests of %s, want one", calls[arn], arn)
		}
	}
	wantCalls(t, s, getToken, len(principals))
	wantCalls(t, s, "sts:AssumeRole", 2) // hop, and with it pull-images

	// The cached tokens are separate as well.
	before := s.Connections()
	for h, arn := range principals {
		if principal, _ := s.PrincipalOf(u.get(h).Secret); principal.ARN != arn {
			t.Errorf("the cached token of %s belongs to %q", h, principal.ARN)
		}
	}
	if n := s.Connections() - before; n != 0 {
		t.Errorf("%d connections for cached tokens", n)
	}
}

// runStarted runs a get and calls started when the process has started. The get may fail.
func (u *user) runStarted(started func(), serverURL string) result {
	var stdout, stderr bytes.Buffer
	cmd := u.command(serverURL, "get")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Start()
	started()
	if err != nil {
		return result{stderr: err.Error(), code: -1}
	}
	cmd.Wait() // the exit code has the result
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}
