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

// refresh --watch refreshes what is due, and exits with 0 on a signal: while it rests, and during a
// call that gets no response.
func TestWatchEndsOnSignals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		signal os.Signal
		hang   bool
		args   []string
		prefix string // of its output
	}{
		"SIGTERM at rest":   {syscall.SIGTERM, false, nil, "refreshed " + host + ": valid for "},
		"SIGINT at rest":    {os.Interrupt, false, nil, "refreshed " + host + ": valid for "},
		"JSON":              {os.Interrupt, false, []string{"--json"}, `{"registries":["` + host + `"],"outcome":"renewed","fetched":"`},
		"SIGTERM in a call": {syscall.SIGTERM, true, nil, ""},
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
			cmd := u.command("", append([]string{"refresh", "--watch"}, test.args...)...)
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
			if !test.hang && (!lines.Scan() || !strings.HasPrefix(lines.Text(), test.prefix)) {
				t.Errorf("it printed %q", lines.Text())
			}
			if err := cmd.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() {
				t.Errorf("it printed %q after the signal", lines.Text())
			}
			if err := cmd.Wait(); err != nil || stderr.String() != "" {
				t.Errorf("%v, standard error %q; want exit code 0 and no output", err, stderr.String())
			}
			e, _, err := u.disk().Get(u.plan(host).TokenKey)
			if err != nil || (string(e.Value) == "AWS:"+old.Secret) != test.hang {
				t.Errorf("%v; the old token is still cached: %v, want %v", err, !test.hang, test.hang)
			}
		})
	}
}
