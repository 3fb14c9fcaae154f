package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// processProfile sets up a profile whose credential_process is a shell script.
func processProfile(script string) func(testing.TB, *ecrtest.Server, *ecrtest.Home) []string {
	return func(t testing.TB, _ *ecrtest.Server, home *ecrtest.Home) []string {
		skipWithoutShell(t)
		rewrite(t, home, ".aws/process.sh", script)
		home.Config("[profile process]", "credential_process = sh '"+filepath.Join(home.Dir, ".aws", "process.sh")+"'")
		return home.Env("AWS_PROFILE=process")
	}
}

// fallbackHelper sets up the fallback helper docker-credential-other, a shell script, on PATH.
func fallbackHelper(timeout, script string) func(testing.TB, *ecrtest.Server, *ecrtest.Home) []string {
	return func(t testing.TB, _ *ecrtest.Server, home *ecrtest.Home) []string {
		skipWithoutShell(t)
		if err := os.WriteFile(filepath.Join(home.Dir, "docker-credential-other"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
		return home.Env("PATH="+home.Dir+string(os.PathListSeparator)+os.Getenv("PATH"), "ECR_LOGIN_TIMEOUT="+timeout)
	}
}

func skipWithoutShell(t testing.TB) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the program that this test starts is a shell script")
	}
}

func rewrite(t testing.TB, home *ecrtest.Home, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(home.Dir, filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// user returns a user with the mistake.
func (m mistake) user(t testing.TB) (*user, *ecrtest.Server) {
	t.Helper()
	s := ecrtest.New(t)
	dir := t.TempDir()
	u := newUser(t, dir, m.make(t, s, s.Home(dir)))
	if m.settings != "" {
		u = u.settings(m.settings)
	}
	return u, s
}

// get runs the get that the mistake makes fail.
func (m mistake) get(u *user) result {
	u.t.Helper()
	if m.host != "" {
		return u.run(m.host, "get")
	}
	return u.run(host, "get")
}

// matches reports whether an error could be that of the mistake.
func (m mistake) matches(message string) bool {
	for _, part := range m.message {
		if !strings.Contains(message, part) {
			return false
		}
	}
	return true
}

// Each mistake has its own error, in one line on standard output, and again on standard error,
// where a hint follows. No output and no log contains a secret.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			u, _ := m.user(t)
			a := m.get(u)
			message, rest, _ := strings.Cut(a.stdout, "\n")
			if a.code != 1 || rest != "" || message == "" {
				t.Fatalf("%+v, want one line on standard output and the exit code 1", a)
			}
			if !m.matches(message) {
				t.Errorf("%q does not contain all of %q", message, m.message)
			}
			for _, other := range mistakes {
				if other.name != m.name && other.matches(message) {
					t.Errorf("%q matches the mistake %q too", message, other.name)
				}
			}
			others, ours, _ := strings.Cut(a.stderr, "docker-credential-ecr-login: "+message+"\n")
			if !strings.Contains(others, m.others) || m.others == "" && others != "" {
				t.Errorf("standard error: %q, want the cause again, after %q", a.stderr, m.others)
			}
			hint := strings.TrimPrefix(ours, "docker-credential-ecr-login: hint: ")
			if m.hint == "" && ours != "" || m.hint != "" && (hint == ours || strings.Count(hint, "\n") != 1 || !strings.Contains(hint, m.hint)) {
				t.Errorf("after the cause standard error has %q, want one hint with %q", ours, m.hint)
			}
			logged := m.get(u.with("ECR_LOGIN_LOG=debug"))
			for _, text := range []string{a.stdout, a.stderr, logged.stdout, logged.stderr} {
				u.wantNoSecret(text)
			}
		})
	}
}

// wantNoSecret fails when a text contains a secret of ecrtest: its keys and tokens contain these
// words, except for web identity tokens, whose segments are searched for.
func (u *user) wantNoSecret(text string) {
	u.t.Helper()
	secrets := []string{"secret-for-tests", "not-a-real", "this-is-a-fake"}
	if token, err := os.ReadFile(filepath.Join(u.dir, ".aws", "web-identity-token")); err == nil {
		secrets = append(secrets, strings.Split(string(token), ".")...)
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			u.t.Errorf("%q is in the output:\n%s", secret, text)
		}
	}
}
