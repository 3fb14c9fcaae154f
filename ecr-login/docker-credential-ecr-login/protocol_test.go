package main

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// notFoundLine is what Docker's client compares with, byte for byte.
const notFoundLine = "credentials not found in native keychain\n"

// needles are the forms in which a secret could be found by searching: itself, its head, its base64 in every
// alignment, and that of "AWS:secret".
func needles(secret string) []string {
	encode := base64.StdEncoding.EncodeToString
	return []string{
		secret, secret[:40], encode([]byte(secret)), encode([]byte("AWS:" + secret)),
		encode([]byte(secret))[:40], encode([]byte("AWS:" + secret))[8:48],
	}
}

func TestProtocolErrors(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	for _, test := range []struct {
		name, verb, stdin string
		stdout            string // exact, when it ends in a newline; else contained
	}{
		{"foreign host", "get", "index.docker.io", notFoundLine},
		{"foreign host with scheme and path", "get", "https://index.docker.io/v1/", notFoundLine},
		{"look-alike after ours", "get", host + ".evil.example", notFoundLine},
		{"look-alike before ours", "get", "evil-" + host, notFoundLine},
		{"host behind user info", "get", "https://" + host + "@evil.example", notFoundLine},
		{"eleven digits", "get", host[1:], notFoundLine},
		{"nothing", "get", "", "no credentials server URL\n"},
		{"white space", "get", " \n ", "no credentials server URL\n"},
		{"too long", "get", strings.Repeat("a", maxInput), "standard input is too long: 64 KiB or more\n"},
		{"store for a foreign host", "store", `{"ServerURL":"index.docker.io","Username":"u","Secret":"not-a-real-password"}`, "not an Amazon ECR registry"},
		{"store for another user", "store", `{"ServerURL":"` + host + `","Username":"u","Secret":"not-a-real-password"}`, `user "u"`},
		{"store without a password", "store", `{"ServerURL":"` + host + `","Username":"AWS","Secret":""}`, "password is empty"},
		{"store without a user", "store", `{"ServerURL":"` + host + `","Username":"","Secret":"not-a-real-password"}`, "no credentials username\n"},
		{"store without a host", "store", `{"ServerURL":"","Username":"AWS","Secret":"not-a-real-password"}`, "no credentials server URL\n"},
		{"store of no JSON", "store", `AWS`, "invalid character"},
		{"erase of nothing", "erase", "", "no credentials server URL\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := u.run(test.stdin, test.verb)
			ok := a.stdout == test.stdout
			if !strings.HasSuffix(test.stdout, "\n") {
				ok = strings.Contains(a.stdout, test.stdout) && strings.Count(a.stdout, "\n") == 1
			}
			if !ok || a.code != 1 {
				t.Errorf("exit code %d, standard output %q; want 1 and %q", a.code, a.stdout, test.stdout)
			}
			if strings.Contains(a.stdout+a.stderr, "not-a-real-password") {
				t.Error("the password is in the error")
			}
			if quiet := a.stdout == notFoundLine; quiet && a.stderr != "" {
				t.Errorf("standard error: %q, want nothing with a not-found", a.stderr)
			} else if !quiet && !strings.HasPrefix(a.stderr, "docker-credential-ecr-login: "+strings.TrimSpace(a.stdout)) {
				t.Errorf("standard error: %q, want the cause again", a.stderr)
			}
		})
	}
	u.run("index.docker.io", "erase").mustSucceed(t)
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections, want none", n)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	u := newUser(t, t.TempDir(), nil)
	for _, test := range []struct {
		args   []string
		stderr string
	}{
		{nil, ""},
		{[]string{"get", "extra"}, ""},
		{[]string{""}, "docker-credential-ecr-login: unknown command \"\"\n"},
		{[]string{"GET"}, "docker-credential-ecr-login: unknown command \"GET\"\ndocker-credential-ecr-login: hint: did you mean get or get-login-password?\n"},
		{[]string{"explian"}, "docker-credential-ecr-login: unknown command \"explian\"\ndocker-credential-ecr-login: hint: did you mean explain?\n"},
		{[]string{"help", "unknown"}, "docker-credential-ecr-login: unknown command \"unknown\"\n"},
		{[]string{"--unknown"}, "docker-credential-ecr-login: unknown flag: --unknown\n"},
	} {
		if a, want := u.run("", test.args...), (answer{usage, test.stderr, 1}); a != want {
			t.Errorf("%q: %+v, want %+v", test.args, a, want)
		}
	}
	whole := u.run("", "--help")
	if !strings.HasPrefix(whole.stdout, usage) || whole.code != 0 || whole.stderr != "" {
		t.Errorf("--help: %+v", whole)
	}
	for _, args := range [][]string{{"-h"}, {"help"}} {
		if a := u.run("", args...); a != whole {
			t.Errorf("%q: %+v, want the help text", args, a)
		}
	}
	for _, args := range [][]string{{"-v"}, {"--version"}, {"version"}} {
		want := answer{"docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) v0.0.0-test\n", "", 0}
		if a := u.run("", args...); a != want {
			t.Errorf("%q: %+v, want %+v", args, a, want)
		}
	}
}

// The answer of a hit is written by other code than that of a miss; a client must not be able to tell.
func TestHitAndMissPrintTheSame(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	for _, serverURL := range []string{host, "https://" + host + "/<&>", "  " + host + "\r\n"} {
		miss := u.with("AWS_ECR_DISABLE_CACHE=1").run(serverURL, "get")
		hit := u.run(serverURL, "get")
		again := u.run(serverURL, "get")
		if hit != again {
			t.Errorf("%q: %+v, then %+v", serverURL, hit, again)
		}
		missLogin, hitLogin := readLogin(t, miss), readLogin(t, again)
		if a, b := strings.Replace(miss.stdout, missLogin.Secret, "", 1), strings.Replace(again.stdout, hitLogin.Secret, "", 1); a != b {
			t.Errorf("a miss prints %q, a hit %q", a, b)
		}
	}
}
