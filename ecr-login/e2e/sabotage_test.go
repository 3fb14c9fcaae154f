//go:build e2e && linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// sabotage is a broken helper, and the scenario that must fail with it for every client. The script
// finds the real helper in $real.
type sabotage struct {
	name     string
	scenario string
	script   string
}

var sabotages = []sabotage{
	{"wrong user name", "push-and-pull", `
"$real" "$@" > "$0.answer"; code=$?
sed 's/"Username":"AWS"/"Username":"somebody"/' "$0.answer"
exit $code
`},
	{"not found instead of an error", "access-denied", `
if answer=$("$real" "$@" 2>/dev/null); then echo "$answer"; exit; fi
echo 'credentials not found in native keychain'
exit 1
`},
	{"another line on standard output", "push-and-pull", `
echo 'warning: the profile is old'
exec "$real" "$@"
`},
	{"a token that never expires", "token-expires", `
if [ "$1" != get ]; then exec "$real" "$@"; fi
if ! [ -f "$0.kept" ]; then
	"$real" get > "$0.new" && mv "$0.new" "$0.kept" || { cat "$0.new"; exit 1; }
fi
cat "$0.kept"
`},
	{"no answer", "push-and-pull", `
exec sleep 600
`},
}

// hangLimit is the time limit of commands with a broken helper. With a good helper each of them
// takes less.
const hangLimit = 6 * time.Second

// TestSabotage checks that the scenarios fail with a broken helper, for each client.
func TestSabotage(t *testing.T) {
	need(t)
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			for _, program := range c.programs {
				needProgram(t, program, c.install)
			}
			for i, broken := range sabotages {
				if c.without[broken.scenario] != "" {
					continue
				}
				t.Run(broken.name, func(t *testing.T) {
					c := c
					c.sabotage = broken.script
					c.name += fmt.Sprintf("-sabotaged-%d", i)
					v := &verdict{TB: t}
					v.judge(func() { scenarioNamed(broken.scenario).play(v, c) })
					if !v.failed {
						t.Errorf("the scenario %q passes with this broken helper", broken.scenario)
					}
				})
			}
		})
	}
}

func scenarioNamed(name string) scenario {
	for _, s := range scenarios {
		if s.name == name {
			return s
		}
	}
	panic("no scenario " + name)
}

// sabotageHelpers replaces every helper in the user's bin with a script that calls it.
func (u *user) sabotageHelpers(script string) {
	u.t.Helper()
	u.limit = hangLimit
	u.mkdir("real")
	helpers, err := filepath.Glob(u.path("bin/docker-credential-ecr-login*"))
	if err != nil || len(helpers) == 0 {
		u.t.Fatalf("no helpers found (%v)", err)
	}
	for _, helper := range helpers {
		real := u.path("real/" + filepath.Base(helper))
		if err := os.Rename(helper, real); err != nil {
			u.t.Fatal(err)
		}
		u.script("bin/"+filepath.Base(helper), "\nreal='"+real+"'"+script)
	}
}

// verdict records the failures of a test that must fail.
type verdict struct {
	testing.TB
	mu     sync.Mutex
	failed bool
}

// judge runs play until its end or its first fatal failure.
func (v *verdict) judge(play func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		play()
	}()
	<-done
}

func (v *verdict) fail(words string) {
	v.Helper()
	v.mu.Lock()
	v.failed = true
	v.mu.Unlock()
	v.Logf("noticed: %.300s", strings.Join(strings.Fields(words), " "))
}

func (v *verdict) Error(args ...any)            { v.Helper(); v.fail(fmt.Sprintln(args...)) }
func (v *verdict) Errorf(f string, args ...any) { v.Helper(); v.fail(fmt.Sprintf(f, args...)) }
func (v *verdict) Fatal(args ...any)            { v.Helper(); v.fail(fmt.Sprintln(args...)); runtime.Goexit() }
func (v *verdict) Fatalf(f string, args ...any) {
	v.Helper()
	v.fail(fmt.Sprintf(f, args...))
	runtime.Goexit()
}
