package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A simulation is a refresh --watch in this process, whose hours pass when it waits. AWS lives on the same clock.
type simulation struct {
	t      *testing.T
	aws    *ecrtest.Server
	mu     sync.Mutex // of now, which AWS reads while it answers; only the test sets it
	now    time.Time
	p      *process
	out    bytes.Buffer
	hosts  []string // to be kept alive
	down   []outage
	failed bool // the fault is set

	// answered is when AWS last could have answered.
	answered time.Time
	checks   int
}

// An outage is a time in which AWS answers nobody.
type outage struct{ from, to time.Time }

// newSimulation gives this process an environment with static keys: such a test cannot run beside others.
func newSimulation(t *testing.T, hosts ...string) *simulation {
	t.Helper()
	s := &simulation{t: t, now: time.Now().Truncate(time.Second), hosts: hosts}
	s.answered = s.now
	clock := func() time.Time {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.now
	}
	aws, err := ecrtest.Start(ecrtest.Options{Dir: t.TempDir(), Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { aws.Close() })
	s.aws = aws
	dir := t.TempDir()
	for _, v := range os.Environ() {
		if key, value, _ := strings.Cut(v, "="); strings.HasPrefix(key, "AWS_") || strings.HasPrefix(key, "ECR_LOGIN_") || strings.HasPrefix(key, "XDG_") {
			os.Unsetenv(key)
			t.Cleanup(func() { os.Setenv(key, value) })
		}
	}
	env := aws.Home(dir).Environment(aws.AddUser("static"))
	// The SDK's own retries wait in the machine's time.
	for _, v := range append(env, "AWS_MAX_ATTEMPTS=1", "XDG_RUNTIME_DIR="+filepath.Join(dir, "run"), "DOCKER_CONFIG="+filepath.Join(dir, ".docker")) {
		key, value, _ := strings.Cut(v, "=")
		t.Setenv(key, value)
	}
	s.p = &process{name: program, out: newOutput(&s.out, &s.out), clock: cache.Clock{
		Now:  clock,
		Boot: func() (string, time.Duration, bool) { return "", 0, false },
	}}
	return s
}

// configure writes Docker's config.json.
func (s *simulation) configure(text string) {
	s.t.Helper()
	dir := os.Getenv("DOCKER_CONFIG")
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// isDown tells whether AWS answers now, and when that changes next.
func (s *simulation) isDown() (down bool, change time.Time) {
	for _, o := range s.down {
		if s.now.Before(o.from) {
			return false, o.from
		}
		if s.now.Before(o.to) {
			return true, o.to
		}
	}
	return false, s.now.Add(time.Hour)
}

// set sets the clock.
func (s *simulation) set(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// answerOrNot makes AWS answer or not, as the outages say.
func (s *simulation) answerOrNot() {
	down, _ := s.isDown()
	if down != s.failed {
		s.failed = down
		if down {
			s.aws.SetFault("*", ecrtest.Fault{CloseConnection: true})
		} else {
			s.aws.SetFault("*")
		}
	}
}

// pass lets time go by in the steps in which AWS comes and goes, and looks whether all tokens live.
func (s *simulation) pass(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); {
		down, change := s.isDown()
		if change.After(end) {
			change = end
		}
		s.set(change)
		if !down {
			s.answered = s.now
		}
		s.answerOrNot()
		s.check()
	}
}

func (s *simulation) check() {
	s.checks++
	for _, host := range s.hosts {
		k, err := s.p.helper().Status(host)
		if err != nil || (k.State != cache.Fresh && k.State != cache.Aging) {
			s.t.Errorf("%s, %s after AWS answered: the token of %s is %s %s, %v", s.now, s.now.Sub(s.answered), host, k.State, k.Reason, err)
			s.hosts = nil // once is enough
		}
	}
}

// run watches until the end.
func (s *simulation) run(length time.Duration) {
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	end := s.now.Add(length)
	w := s.p.watch(nil, false)
	random := rand.New(rand.NewPCG(3, 4))
	w.random = random.Float64
	w.wait = func(_ context.Context, d time.Duration) {
		if d <= 0 {
			s.t.Fatalf("%s: the watch does not rest", s.now)
		}
		s.pass(d)
		if !s.now.Before(end) {
			cancel()
		}
	}
	for _, host := range s.hosts {
		if _, err := s.p.helper().Get(ctx, host); err != nil {
			s.t.Fatal(err)
		}
	}
	w.run(ctx)
	if s.t.Failed() {
		s.t.Logf("the watch said:\n%s", s.out.String())
	}
}

// wantCallsADay fails when a region had more successful calls in any 24 hours than that.
func (s *simulation) wantCallsADay(most int) {
	s.t.Helper()
	byRegion := map[string][]time.Time{}
	total := map[string]int{}
	for _, r := range s.aws.Requests(getToken) {
		if r.Status == 200 {
			byRegion[r.Region] = append(byRegion[r.Region], r.Time)
			total[r.Region]++
		}
	}
	for region, times := range byRegion {
		for i := range times {
			if i+most < len(times) && times[i+most].Sub(times[i]) < 24*time.Hour {
				s.t.Errorf("%s: %d calls within %s", region, most+1, times[i+most].Sub(times[i]))
			}
		}
	}
	s.t.Logf("%d looks at the tokens, successful calls: %v", s.checks, total)
}

// A day with an outage of nine hours, in the middle of which AWS answers for two minutes: the token lives, and the
// outage is told in one line.
func TestWatchADay(t *testing.T) {
	s := newSimulation(t, host, "210987654321.dkr.ecr.us-east-1.amazonaws.com")
	at := func(d time.Duration) time.Time { return s.now.Add(d) }
	s.down = []outage{{at(4 * time.Hour), at(8 * time.Hour)}, {at(8*time.Hour + 2*time.Minute), at(13 * time.Hour)}}
	s.run(24 * time.Hour)
	s.wantCallsADay(5)
	if n := strings.Count(s.out.String(), "trying again in"); n != 1 {
		t.Errorf("%d failures were told, want one:\n%s", n, s.out.String())
	}
	if strings.Contains(s.out.String(), "eyJ") {
		t.Error("a token was printed")
	}
}

// While AWS answers nobody at all, the token dies, and the watch goes on, less often; it renews when AWS is back.
func TestWatchOutlivesAnOutage(t *testing.T) {
	s := newSimulation(t, host)
	s.down = []outage{{s.now.Add(time.Hour), s.now.Add(20 * time.Hour)}}
	begin := s.now
	hosts := s.hosts
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := s.p.helper().Get(ctx, host); err != nil {
		t.Fatal(err)
	}
	s.hosts = nil // this one may die
	w := s.p.watch(nil, false)
	w.random = func() float64 { return 1 }
	w.wait = func(_ context.Context, d time.Duration) {
		if s.pass(d); s.now.Sub(begin) > 21*time.Hour {
			cancel()
		}
	}
	w.run(ctx)
	if k, err := s.p.helper().Status(hosts[0]); err != nil || k.State != cache.Fresh {
		t.Errorf("an hour after the outage: %s, %v\n%s", k.State, err, s.out.String())
	}
	// Every minute for the six hours or so that the token lived on, then four times an hour.
	if n := s.aws.Calls(getToken); n > 1+7*60+8*4+10 {
		t.Errorf("%d calls", n)
	}
}

// Registries that are served while it watches are watched from then on; those that are forgotten no longer.
func TestWatchFindsNewRegistries(t *testing.T) {
	const west = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	s := newSimulation(t, host)
	begin := s.now
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := s.p.watch(nil, false)
	step := 0
	w.wait = func(_ context.Context, d time.Duration) {
		if d > 5*time.Minute {
			t.Fatalf("it does not look for %s", d)
		}
		s.set(s.now.Add(d))
		switch elapsed := s.now.Sub(begin); {
		case step == 0: // nothing was there
			if _, err := s.p.helper().Get(ctx, west); err != nil {
				t.Fatal(err)
			}
			step++
		case step == 1 && elapsed > 8*time.Hour:
			if n := len(s.aws.Requests(getToken)); n < 2 {
				t.Errorf("%d calls, want the new registry's token renewed", n)
			}
			if _, err := s.p.helper().Forget(west); err != nil {
				t.Fatal(err)
			}
			s.aws.Reset()
			step++
		case step == 2 && elapsed > 24*time.Hour:
			if n := s.aws.Calls(getToken); n != 0 {
				t.Errorf("%d calls for a registry that was forgotten", n)
			}
			// A file that is being written, and then one that gives a registry to this helper.
			s.configure("{")
			step++
		case step == 3 && elapsed > 25*time.Hour:
			if n := strings.Count(s.out.String(), "config.json"); n != 1 {
				t.Errorf("a broken file was told %d times, want once:\n%s", n, s.out.String())
			}
			s.configure(`{"credHelpers": {"` + west + `": "ecr-login"}}`)
			step++
		case step == 4 && elapsed > 26*time.Hour:
			if n := successes(s.aws); n != 1 {
				t.Errorf("%d calls, want one for the registry that was configured", n)
			}
			cancel()
			step++
		}
	}
	w.run(ctx)
	if step != 5 {
		t.Error("the story was not played")
	}
}

// Registries that are named are watched although nothing knows them, and the others are left to themselves; what is fresh
// is left alone.
func TestWatchOfNames(t *testing.T) {
	const west = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	s := newSimulation(t, host)
	begin := s.now
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := s.p.helper().Get(ctx, west); err != nil {
		t.Fatal(err)
	}
	s.aws.Reset()
	w := s.p.watch([]string{host}, true)
	w.wait = func(_ context.Context, d time.Duration) {
		if s.set(s.now.Add(d)); s.now.Sub(begin) > 10*time.Hour {
			cancel()
		}
	}
	w.run(ctx)
	for _, r := range s.aws.Requests(getToken) {
		if r.Region != "us-east-1" {
			t.Errorf("a token was fetched for %s, which nobody named", r.Region)
		}
	}
	if n := successes(s.aws); n != 2 {
		t.Errorf("%d calls in ten hours, want the first and one renewal", n)
	}
	// One JSON object a line.
	lines := strings.Split(strings.TrimSpace(s.out.String()), "\n")
	for _, line := range lines {
		var o outcome
		if err := json.Unmarshal([]byte(line), &o); err != nil || o.Outcome != renewed || len(o.Registries) != 1 || o.Expires.IsZero() {
			t.Errorf("%v: %s", err, line)
		}
	}
	if len(lines) != 2 {
		t.Errorf("%d lines, want 2:\n%s", len(lines), s.out.String())
	}
}

// A session that is about to end makes a token due at once, again and again: it is renewed with a rest between.
func TestWatchRestsBetweenRenewals(t *testing.T) {
	s := newSimulation(t, host)
	session := s.aws.NewSession("arn:aws:sts::123456789012:assumed-role/deployer/session")
	for _, v := range session.Env() {
		key, value, _ := strings.Cut(v, "=")
		t.Setenv(key, value)
	}
	// The end is known from this variable, and a second away for ever.
	t.Setenv("AWS_CREDENTIAL_EXPIRATION", s.now.Add(time.Second).UTC().Format(time.RFC3339))
	begin := s.now
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := s.p.helper().Get(ctx, host); err != nil {
		t.Fatal(err)
	}
	w := s.p.watch(nil, false)
	w.wait = func(_ context.Context, d time.Duration) {
		if s.set(s.now.Add(d)); s.now.Sub(begin) > 30*time.Minute {
			cancel()
		}
	}
	w.run(ctx)
	if n := successes(s.aws); n < 20 || n > 2+30 {
		t.Errorf("%d successful calls in half an hour, want one a minute", n)
	}
}

func successes(s *ecrtest.Server) (n int) {
	for _, r := range s.Requests(getToken) {
		if r.Status == 200 {
			n++
		}
	}
	return n
}

func TestRetry(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		failures int
		alive    time.Duration
		random   float64
		want     time.Duration
	}{
		{1, time.Hour, 1, 2 * time.Second},
		{1, time.Hour, 0, time.Second},
		{2, time.Hour, 1, 4 * time.Second},
		{5, time.Hour, 1, 32 * time.Second},
		{6, time.Hour, 1, time.Minute},
		{6, time.Hour, 0, 30 * time.Second},
		{1000000, time.Hour, 1, time.Minute}, // while there is something to lose
		{6, 0, 1, 64 * time.Second},
		{1000000, 0, 1, 15 * time.Minute},
		{1000000, -time.Hour, 0, 7*time.Minute + 30*time.Second},
	} {
		if got := retry(test.failures, test.alive, test.random); got != test.want {
			t.Errorf("after %d failures, alive for %s, random %v: %s, want %s", test.failures, test.alive, test.random, got, test.want)
		}
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	r := reporter{out: newOutput(&b, &b), now: time.Now}
	r.progress(1, 2, &batch{hosts: []string{host}})
	r.clear()
	if b.Len() > 0 {
		t.Errorf("to a file: %q", b.String())
	}
}

func TestNamesOfManyRegistries(t *testing.T) {
	t.Parallel()
	for n, want := range []string{"", "a", "a, b", "a, b, c", "a, b, c and 1 more"} {
		if got := someOf([]string{"a", "b", "c", "d"}[:n]); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if got := fmt.Sprintln(left(11*time.Hour+59*time.Minute+59*time.Second), left(59*time.Second), left(-time.Second), left(3*time.Minute)); got != "11h59m 59s 0s 3m\n" {
		t.Errorf("times left: %s", got)
	}
}
