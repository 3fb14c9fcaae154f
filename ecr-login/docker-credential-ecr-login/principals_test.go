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

// settings is the same user with a settings file.
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

// Three accounts, three principals, thirty processes at once, as docker compose starts them: each registry gets
// the token of its own principal, and each principal is asked once, its roles included.
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
	// Nobody means the environment's profile: every registry has its rule.
	home.Keys("nobody", s.AddUser("nobody"))
	u := newUser(t, dir, home.Env("AWS_PROFILE=nobody")).settings(`
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

	// AWS answers nobody before every process has started and every principal's leader asks.
	hold := make(chan struct{})
	s.SetFault(getToken, ecrtest.Fault{Until: hold})
	hosts := slices.Repeat(slices.Sorted(maps.Keys(principals)), 10)
	answers := make([]answer, len(hosts))
	var started, all sync.WaitGroup
	for i, h := range hosts {
		started.Add(1)
		all.Go(func() { answers[i] = u.runAndTell(started.Done, h) })
	}
	started.Wait()
	if err := s.Wait(t.Context(), getToken, len(principals)); err != nil {
		t.Error(err)
	}
	close(hold)
	all.Wait()

	for i, h := range hosts {
		l := readLogin(t, answers[i])
		if who, ok := s.PrincipalOf(l.Secret); !ok || who.ARN != principals[h] {
			t.Errorf("%s got the token of %q, want that of %q", h, who.ARN, principals[h])
		}
	}
	asked := map[string]int{}
	for _, r := range s.Requests(getToken) {
		asked[r.Principal]++
	}
	for _, arn := range principals {
		if asked[arn] != 1 {
			t.Errorf("AWS was asked %d times on behalf of %s, want once", asked[arn], arn)
		}
	}
	wantCalls(t, s, getToken, len(principals))
	wantCalls(t, s, "sts:AssumeRole", 2) // hop, and from there pull-images

	// What is cached stays apart as well.
	before := s.Connections()
	for h, arn := range principals {
		if who, _ := s.PrincipalOf(u.get(h).Secret); who.ARN != arn {
			t.Errorf("from the cache %s got the token of %q", h, who.ARN)
		}
	}
	if n := s.Connections() - before; n != 0 {
		t.Errorf("%d connections for what is cached", n)
	}
}

// runAndTell runs a get, whatever comes of it, and calls started as soon as the process has started.
func (u *user) runAndTell(started func(), serverURL string) answer {
	var stdout, stderr bytes.Buffer
	cmd := u.command(serverURL, "get")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Start()
	started()
	if err != nil {
		return answer{stderr: err.Error(), code: -1}
	}
	cmd.Wait() // how it ended is in the exit code
	return answer{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}
