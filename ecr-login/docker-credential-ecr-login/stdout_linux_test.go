package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// successful are calls that succeed and print something.
var successful = [][]string{
	{"version"}, {"--version"}, {"list"},
	{"--help"}, {"help", "refresh"}, {"refresh", "--help"}, {"get", "--help"}, {"man"}, {"completion", "bash"},
	{"explain", host}, {"explain", "--json", host},
	{"configure", host}, {"configure", "--json", host}, {"unconfigure", "public.ecr.aws"},
	{"get-login-password", "--region", "us-east-1"}, {"header", host}, {"header", "--curl", host},
	{"cache", "ls"}, {"cache", "ls", "--json"}, {"cache", "clear", "public.ecr.aws"},
	{"refresh"}, {"refresh", host}, {"refresh", "--json", host},
	{"refresh", "--watch"}, {"refresh", "--watch", "--json"}, {"refresh", "--watch", "--json", host},
}

// runTo runs the helper with a standard output that cannot be written to.
func (u *user) runTo(stdout *os.File, stdin string, args ...string) result {
	u.t.Helper()
	var stderr strings.Builder
	cmd := u.command(stdin, args...)
	cmd.Stdout, cmd.Stderr = stdout, &stderr
	if err := cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	stop := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() }) // a watch that does not stop
	defer stop.Stop()
	_ = cmd.Wait()
	return result{"", stderr.String(), cmd.ProcessState.ExitCode()}
}

// When standard output cannot be written, the exit code is 1 and standard error has the cause.
func TestStandardOutputCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment).with("PATH=" + filepath.Dir(helper))
	u.put(".docker/config.json", []byte(`{"credHelpers": {"`+host+`": "ecr-login"}}`))
	u.get(host)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	reader, closed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	defer closed.Close()
	const line = "docker-credential-ecr-login: cannot write to standard output: "
	for _, args := range successful {
		call := strings.Join(args, " ")
		if !strings.Contains(call, "--watch") {
			if a := u.run("", args...); a.code != 0 || a.stdout == "" {
				t.Errorf("%s: %+v, want output", call, a)
			}
		}
		if a := u.runTo(full, "", args...); a.code != 1 || a.stderr != line+"no space left on device\n" {
			t.Errorf("%s to a full disk: %+v", call, a)
		}
		if call == "version" || call == "--version" || call == "list" {
			continue // the protocol's commands have no signal handler
		}
		if a := u.runTo(closed, "", args...); a.code != 1 || a.stderr != line+"broken pipe\n" {
			t.Errorf("%s to a closed pipe: %+v", call, a)
		}
	}
	if a := u.runTo(full, host, "get"); a.code != 1 || a.stderr != line+"no space left on device\n" {
		t.Errorf("a hit to a full disk: %+v", a)
	}
	if a := u.runTo(full, "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "get"); a.code != 1 || a.stderr != line+"no space left on device\n" {
		t.Errorf("a miss to a full disk: %+v", a)
	}
	for _, verb := range []string{"get", "list", "version"} {
		if a := u.runTo(closed, host, verb); a.code != -1 || a.stderr != "" {
			t.Errorf("%s to a closed pipe: %+v, want the end by SIGPIPE", verb, a)
		}
	}
	// A failed call keeps its exit code.
	for _, args := range [][]string{{}, {"ge"}, {"refresh", "ghcr.io"}, {"get", "more"}} {
		if a := u.runTo(full, "", args...); a.code != 1 {
			t.Errorf("%q to a full disk: %+v", args, a)
		}
	}
}
