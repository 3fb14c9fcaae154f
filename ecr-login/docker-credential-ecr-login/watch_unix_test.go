//go:build unix

package main

import (
	"bufio"
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A real refresh --watch renews what is due, and ends with 0 when it is told to: at rest, and in the middle of a call
// that nobody answers.
func TestWatchEndsOnSignals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		signal os.Signal
		hang   bool
	}{
		"SIGTERM at rest":   {syscall.SIGTERM, false},
		"SIGINT at rest":    {os.Interrupt, false},
		"SIGTERM in a call": {syscall.SIGTERM, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			u := newSourceUser(t, s, ecrtest.FromEnvironment)
			old := u.seed(s, host, 7*time.Hour)
			u.disk().AddHost(host)
			if test.hang {
				s.SetFault(getToken, ecrtest.Fault{Silence: true})
			}
			cmd := u.command("", "refresh", "--watch")
			var stderr strings.Builder
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if err := s.Wait(ctx, getToken, 1); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			if !test.hang && (!lines.Scan() || !strings.HasPrefix(lines.Text(), "renewed "+host+": good for ")) {
				t.Errorf("it said %q", lines.Text())
			}
			if err := cmd.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() {
				t.Errorf("it said %q when it was told to end", lines.Text())
			}
			if err := cmd.Wait(); err != nil || stderr.String() != "" {
				t.Errorf("%v, standard error %q; want exit code 0 and silence", err, stderr.String())
			}
			e, _, err := u.disk().Get(u.plan(host).TokenKey)
			if err != nil || (string(e.Value) == "AWS:"+old.Secret) != test.hang {
				t.Errorf("%v; the old token is kept: %v, want %v", err, !test.hang, test.hang)
			}
		})
	}
}
