//go:build unix

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// onTerminal runs the helper on a terminal, with script of util-linux. The result's standard output
// has both streams.
func (u *user) onTerminal(args string) result {
	u.t.Helper()
	script, err := exec.LookPath("script")
	if err != nil {
		u.t.Skip("the program script is not installed")
	}
	cmd := exec.Command(script, "-qec", helper+" "+args, os.DevNull)
	cmd.Env = u.env
	return finish(u.t, cmd)
}

// On a terminal the progress line is overwritten, and results stay.
func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment).with("TERM=xterm")
	a := u.onTerminal("refresh " + host + " 123456789012.dkr.ecr.eu-west-1.amazonaws.com")
	for _, want := range []string{
		"\r\x1b[Krefreshing 1 of 2: " + host + "\r\x1b[Krefreshed " + host + ": valid for ",
		"\r\x1b[Krefreshing 2 of 2: 123456789012.dkr.ecr.eu-west-1.amazonaws.com\r\x1b[Krefreshed 123456789012.dkr.ecr.eu-west-1",
	} {
		if !strings.Contains(a.stdout, want) {
			t.Errorf("%q, want %q in it", a.stdout, want)
		}
	}
	if a := u.with("TERM=dumb").onTerminal("refresh " + host); strings.Contains(a.stdout, "\x1b") {
		t.Errorf("on a dumb terminal: %q", a.stdout)
	}
}

func TestTableOnATerminal(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment).with("TERM=xterm")
	u.get(host)
	if a := u.onTerminal("cache ls"); !strings.Contains(a.stdout, host+"  \x1b[32mfresh\x1b[0m  ") {
		t.Errorf("%q, want fresh in green", a.stdout)
	}
	if a := u.with("NO_COLOR=1").onTerminal("cache ls"); !strings.Contains(a.stdout, host+"  fresh  ") {
		t.Errorf("%q, want no colour", a.stdout)
	}
}
