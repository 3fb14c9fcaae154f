package main

import (
	"encoding/base64"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// notFoundLine is what Docker's client compares with, byte for byte.
const notFoundLine = "credentials not found in native keychain\n"

// needles returns the forms of a secret to search for: itself, its beginning, its base64, and the
// base64 of "AWS:secret" in two alignments.
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
		{"not ECR", "get", "index.docker.io", notFoundLine},
		{"not ECR, with scheme and path", "get", "https://index.docker.io/v1/", notFoundLine},
		{"similar name with a suffix", "get", host + ".evil.example", notFoundLine},
		{"similar name with a prefix", "get", "evil-" + host, notFoundLine},
		{"ECR host as user info", "get", "https://" + host + "@evil.example", notFoundLine},
		{"eleven digits", "get", host[1:], notFoundLine},
		{"empty", "get", "", "no credentials server URL\n"},
		{"white space", "get", " \n ", "no credentials server URL\n"},
		{"too long", "get", strings.Repeat("a", maxInput), "standard input is too long: 64 KiB or more\n"},
		{"store for a host that is not ECR", "store", `{"ServerURL":"index.docker.io","Username":"u","Secret":"not-a-real-password"}`, "not an Amazon ECR registry"},
		{"store for another user", "store", `{"ServerURL":"` + host + `","Username":"u","Secret":"not-a-real-password"}`, `user "u"`},
		{"store without a password", "store", `{"ServerURL":"` + host + `","Username":"AWS","Secret":""}`, "password is empty"},
		{"store without a user", "store", `{"ServerURL":"` + host + `","Username":"","Secret":"not-a-real-password"}`, "no credentials username\n"},
		{"store without a host", "store", `{"ServerURL":"","Username":"AWS","Secret":"not-a-real-password"}`, "no credentials server URL\n"},
		{"store of something else than JSON", "store", `AWS`, "invalid character"},
		{"erase of an empty input", "erase", "", "no credentials server URL\n"},
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
				t.Errorf("standard error: %q, want nothing after a not found", a.stderr)
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

// An input that is no login is reported as such, and one that is too long for a message is cut.
func TestUnusableInput(t *testing.T) {
	t.Parallel()
	u := newUser(t, t.TempDir(), nil)
	const line = "docker-credential-ecr-login: "
	for _, input := range []string{"", host, "{", `{"ServerURL":1}`, `{"ServerURL":"` + host + `","Username":"AWS","Secret":"x"} y`} {
		a := u.run(input, "store")
		const want = "standard input is not a login in JSON: "
		if a.code != 1 || !strings.HasPrefix(a.stdout, want) || !strings.HasPrefix(a.stderr, line+want) || !strings.Contains(a.stderr, "\n"+line+"hint: write {") {
			t.Errorf("store of %q: %+v", input, a)
		}
	}
	a := u.run("", "refresh", "begin"+strings.Repeat("x", 10_000))
	if len(a.stderr) > 3000 || !strings.HasPrefix(a.stderr, line+"beginx") || !strings.Contains(a.stderr, " ... x") || !strings.Contains(a.stderr, "x: not an Amazon ECR registry: ") {
		t.Errorf("%+v", a)
	}
	const other = `{"ServerURL":"ghcr.io","Username":"u","Secret":"not-a-real-password"}`
	if a, want := u.run(other, "store"), line+"hint: for the logins of other registries set fallback; see: docker-credential-ecr-login help settings\n"; !strings.HasSuffix(a.stderr, want) {
		t.Errorf("%+v\nwant %s", a, want)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	u := newUser(t, t.TempDir(), nil)
	const line = "docker-credential-ecr-login: "
	for _, test := range []struct {
		args   []string
		stderr string
	}{
		{nil, ""},
		{[]string{""}, line + "unknown command \"\"\n"},
		{[]string{"GET"}, line + "unknown command \"GET\"\n" + line + "hint: did you mean get or get-login-password?\n"},
		{[]string{"explian"}, line + "unknown command \"explian\"\n" + line + "hint: did you mean explain?\n"},
		{[]string{"login"}, line + "unknown command \"login\"\n" + line + "hint: did you mean configure?\n"},
		{[]string{"logout", host}, line + "unknown command \"logout\"\n" + line + "hint: did you mean cache?\n"},
		{[]string{"help", "unknown"}, line + "unknown command \"unknown\"\n"},
		{[]string{"--unknown"}, line + "unknown flag: --unknown\n"},
		{[]string{"--verison"}, line + "unknown flag: --verison\n" + line + "hint: did you mean --version?\n"},
		{[]string{"-verison"}, line + "unknown shorthand flag: 'v' in -verison\n" + line + "hint: did you mean --version?\n"},
		{[]string{"--hlep"}, line + "unknown flag: --hlep\n" + line + "hint: did you mean --help?\n"},
	} {
		if a, want := u.run("", test.args...), (result{usage + firstSteps, test.stderr, 1}); a != want {
			t.Errorf("%q: %+v, want %+v", test.args, a, want)
		}
	}
	whole := u.run("", "--help")
	if !strings.HasPrefix(whole.stdout, usage+"\n") || whole.code != 0 || whole.stderr != "" {
		t.Errorf("--help: %+v", whole)
	}
	for _, args := range [][]string{{"-h"}, {"help"}} {
		if a := u.run("", args...); a != whole {
			t.Errorf("%q: %+v, want the help text", args, a)
		}
	}
	for _, args := range [][]string{{"-v"}, {"--version"}, {"version"}} {
		want := result{"docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) v0.0.0-test\n", "", 0}
		if a := u.run("", args...); a != want {
			t.Errorf("%q: %+v, want %+v", args, a, want)
		}
	}
}

// The protocol's commands take no arguments. Their errors are on standard output too, in one line.
func TestArgumentsOfProtocolCommands(t *testing.T) {
	t.Parallel()
	u := newUser(t, t.TempDir(), nil)
	for _, test := range []struct {
		args        []string
		error, hint string
	}{
		{[]string{"get", host}, "get reads the registry from standard input and takes no arguments", "run: echo " + host + " | docker-credential-ecr-login get"},
		{[]string{"get", "https://" + host + "/v2/"}, "get reads the registry from standard input and takes no arguments", "run: echo " + host + " | docker-credential-ecr-login get"},
		{[]string{"get", "user:not-a-real-password@" + host}, "get reads the registry from standard input and takes no arguments", "run: echo HOST | docker-credential-ecr-login get"},
		{[]string{"get", "$(reboot)"}, "get reads the registry from standard input and takes no arguments", "run: echo HOST | docker-credential-ecr-login get"},
		{[]string{"erase", "--all"}, "erase reads the registry from standard input and takes no arguments", "run: echo HOST | docker-credential-ecr-login erase"},
		{[]string{"store", host}, "store reads a login in JSON from standard input and takes no arguments", ""},
		{[]string{"list", "all"}, "list takes no arguments", ""},
		{[]string{"version", "2"}, "version takes no arguments", ""},
	} {
		want := result{test.error + "\n", "docker-credential-ecr-login: " + test.error + "\n", 1}
		if test.hint != "" {
			want.stderr += "docker-credential-ecr-login: hint: " + test.hint + "\n"
		}
		if a := u.run("", test.args...); a != want {
			t.Errorf("%q: %+v, want %+v", test.args, a, want)
		}
	}
}

// Started as ecr-login, the program prints that name in its texts.
func TestShortName(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	link := filepath.Join(u.dir, "ecr-login")
	if err := os.Symlink(helper, link); err != nil {
		t.Fatal(err)
	}
	run := func(stdin string, args ...string) result {
		cmd := u.command(stdin, args...)
		cmd.Path, cmd.Args[0] = link, link
		return finish(t, cmd)
	}
	if l := readLogin(t, run(host, "get")); l.ServerURL != host {
		t.Errorf("%+v", l)
	}
	if a := run("", "get", host); a.stderr != "ecr-login: get reads the registry from standard input and takes no arguments\n"+
		"ecr-login: hint: run: echo "+host+" | ecr-login get\n" {
		t.Errorf("%+v", a)
	}
	for _, args := range [][]string{nil, {"--help"}, {"configure", "--help"}, {"refresh", "--unknown"}, {"completion", "bash"}} {
		a := run("", args...)
		text := a.stdout + a.stderr
		if !strings.Contains(text, "ecr-login ") || strings.Contains(text, "docker-credential-ecr-login ") {
			t.Errorf("%q: %+v", args, a)
		}
	}
}

// Command lines have the short name when PATH finds this program by it, whatever its name was at the
// start.
func TestCommandLinesHaveShortName(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	bin := filepath.Join(u.dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	u = u.with("PATH=" + bin)
	short := filepath.Join(bin, "ecr-login")
	for _, c := range []struct {
		name, want string
		install    func() error
	}{
		{"no other name", program, func() error { return nil }},
		{"another program", program, func() error { return os.WriteFile(short, []byte("#!/bin/sh\n"), 0o700) }},
		{"a link to this program", "ecr-login", func() error { _ = os.Remove(short); return os.Symlink(helper, short) }},
	} {
		if err := c.install(); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			args []string
			want string
		}{
			{[]string{"get", host}, "\n" + program + ": hint: run: echo " + host + " | NAME get\n"},
			{[]string{"--help"}, "Usage: NAME COMMAND"},
			{[]string{"doctor", "--help"}, "\n    NAME doctor --fix\n"},
			{[]string{"completion", "--help"}, "'source <(NAME completion bash)'"},
			{[]string{"doctor", host}, "\n               fix: NAME configure " + host + "\n"},
			{[]string{"doctor", host}, "\n               fix: ln -s " + helper + " /usr/local/bin/docker-credential-ecr-login, or another directory of PATH\n"},
			{[]string{"doctor", "--json", host}, `"fix": "NAME configure ` + host},
			{[]string{"explain", "--json", host}, `"fix": "NAME configure ` + host},
		} {
			a := u.run("", test.args...)
			if want := strings.ReplaceAll(test.want, "NAME", c.want); !strings.Contains(a.stdout+a.stderr, want) {
				t.Errorf("%s: %q prints\n%s%s\nwant %q", c.name, test.args, a.stdout, a.stderr, want)
			}
		}
	}
}

// The topics of help, which hints name, have every key and variable.
func TestHelpTopics(t *testing.T) {
	t.Parallel()
	u := newUser(t, t.TempDir(), nil)
	for topic, list := range map[string][]reference{"settings": settingsReference, "environment": environmentReference} {
		a := u.run("", "help", topic)
		if a.code != 0 || a.stderr != "" {
			t.Errorf("help %s: %+v", topic, a)
		}
		for _, r := range list {
			if !strings.Contains(a.stdout, "\n    "+r.name+"\n        "+strings.Fields(r.text)[0]) {
				t.Errorf("help %s does not have %s", topic, r.name)
			}
		}
		for line := range strings.Lines(a.stdout) {
			if len(line) > 110 {
				t.Errorf("help %s: a long line: %s", topic, line)
			}
		}
		if help := u.run("", "--help").stdout; !strings.Contains(help, "help "+topic) {
			t.Errorf("--help does not name the topic %s", topic)
		}
	}
}

// list and version do not read standard input: some clients never close it.
func TestListAndVersionDoNotReadStandardInput(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	for _, name := range []string{"list", "version"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := u.command("", name)
		cmd.Stdin = r
		// The test would hang here, until its own time limit, if the program waited for the end of
		// the input.
		if a := finish(t, cmd); a.code != 0 || a.stdout == "" {
			t.Errorf("%s: %+v", name, a)
		}
		r.Close()
		w.Close()
	}
}

// list names the registries that a client's configuration assigns to this helper, under the name by
// which it is run.
func TestListNamesConfiguredRegistries(t *testing.T) {
	t.Parallel()
	const other = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	u.put(".docker/config.json", []byte(`{"credHelpers": {
		"`+host+`": "ecr-login", "`+other+`": "ecr-login-prod", "public.ecr.aws": "ecr-login", "*.dkr.ecr.us-east-1.amazonaws.com": "ecr-login",
		"ghcr.io": "ecr-login", "nonsense\u001b[2J": "ecr-login", "111122223333.dkr.ecr.us-east-1.amazonaws.com": "desktop"}}`))
	u.put(".config/containers/auth.json", []byte(`{"credHelpers": {"444455556666.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login"}}`))
	want := map[string]string{host: "AWS", "public.ecr.aws": "AWS", "444455556666.dkr.ecr.eu-west-1.amazonaws.com": "AWS"}
	if got := u.list(); !maps.Equal(got, want) {
		t.Errorf("list printed %v, want %v", got, want)
	}
	delete(want, "public.ecr.aws")
	if got := u.with("ECR_LOGIN_PUBLIC=never").list(); !maps.Equal(got, want) {
		t.Errorf("with public = never, list printed %v, want %v", got, want)
	}
	u.put(".docker/config.json", []byte(`{`))
	if got := u.list(); len(got) != 1 {
		t.Errorf("with a broken config.json, list printed %v", got)
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections, want none", n)
	}
}

// Package hit and the rest of the program print the same output for a get.
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
