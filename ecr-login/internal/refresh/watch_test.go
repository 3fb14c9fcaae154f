package refresh

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/clients"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/contents"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
)

const (
	host     = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	getToken = "ecr:GetAuthorizationToken"
)

// A simulation runs a Watcher in this process on a simulated clock, which advances when the Watcher
// rests. AWS uses the same clock.
type simulation struct {
	t       *testing.T
	aws     *ecrtest.Server
	mu      sync.Mutex // guards now, which AWS reads concurrently; only the test sets it
	now     time.Time
	clock   cache.Clock
	results []Result
	hosts   []string // whose tokens must stay valid
	down    []outage
	failed  bool // the fault is set

	// reachable is when AWS could last be reached.
	reachable time.Time
	checks    int
}

// An outage is a time in which AWS closes every connection.
type outage struct{ from, to time.Time }

// newSimulation sets the environment of this process to one with static keys: tests that use it
// cannot run in parallel.
func newSimulation(t *testing.T, hosts ...string) *simulation {
	t.Helper()
	s := &simulation{t: t, now: time.Now().Truncate(time.Second), hosts: hosts}
	s.reachable = s.now
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
	s.clock = cache.Clock{
		Now:  clock,
		Boot: func() (string, time.Duration, bool) { return "", 0, false },
	}
	return s
}

// helper returns a Helper on the simulated clock.
func (s *simulation) helper(profile string) *ecrlogin.Helper {
	return ecrlogin.New(ecrlogin.Options{Profile: profile, Clock: s.clock})
}

// contents returns the cache of the Helpers.
func (s *simulation) contents() *contents.Cache { return contents.Open("", nil, s.clock) }

// registries returns the registries as the environment and the files have them now.
func (s *simulation) registries() *Registries {
	return &Registries{New: s.helper, Clients: clients.Read(dockerconfig.Locator{}), Cache: s.contents()}
}

// watcher returns a Watcher that collects its results.
func (s *simulation) watcher(names ...string) *Watcher {
	return &Watcher{
		Find: s.registries, Names: names, Now: s.clock.Now, random: rand.Float64,
		Report: func(r Result) { s.results = append(s.results, r) },
	}
}

// count returns how many results have the outcome.
func (s *simulation) count(o Outcome) (n int) {
	for _, r := range s.results {
		if r.Outcome == o {
			n++
		}
	}
	return n
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

// isDown reports whether an outage is going on, and when that changes next.
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

// applyOutages makes AWS close connections during an outage.
func (s *simulation) applyOutages() {
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

// pass advances the clock from one change of an outage to the next, and checks that all tokens are
// valid.
func (s *simulation) pass(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); {
		down, change := s.isDown()
		if change.After(end) {
			change = end
		}
		s.set(change)
		if !down {
			s.reachable = s.now
		}
		s.applyOutages()
		s.check()
	}
}

func (s *simulation) check() {
	s.checks++
	for _, host := range s.hosts {
		k, err := s.helper("").Status(host)
		if err != nil || (k.State != cache.Fresh && k.State != cache.Aging) {
			s.t.Errorf("%s, %s after AWS could be reached: the token of %s is %s %s, %v", s.now, s.now.Sub(s.reachable), host, k.State, k.Reason, err)
			s.hosts = nil // one report is enough
		}
	}
}

// run runs a Watcher for the given time.
func (s *simulation) run(length time.Duration) {
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	end := s.now.Add(length)
	w := s.watcher()
	w.random = rand.New(rand.NewPCG(3, 4)).Float64
	w.wait = func(_ context.Context, d time.Duration) {
		if d <= 0 {
			s.t.Fatalf("%s: the Watcher does not rest", s.now)
		}
		s.pass(d)
		if !s.now.Before(end) {
			cancel()
		}
	}
	for _, host := range s.hosts {
		if _, err := s.helper("").Get(ctx, host); err != nil {
			s.t.Fatal(err)
		}
	}
	w.Run(ctx)
	if s.t.Failed() {
		s.t.Logf("results: %+v", s.results)
	}
}

// wantCallsADay fails when a region had more successful calls than limit in any 24 hours.
func (s *simulation) wantCallsADay(limit int) {
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
			if i+limit < len(times) && times[i+limit].Sub(times[i]) < 24*time.Hour {
				s.t.Errorf("%s: %d calls within %s", region, limit+1, times[i+limit].Sub(times[i]))
			}
		}
	}
	s.t.Logf("%d checks of the tokens, successful calls: %v", s.checks, total)
}

// In a day with an outage of nine hours, interrupted for two minutes, the token stays valid, and
// the outage is reported once.
func TestWatchADay(t *testing.T) {
	s := newSimulation(t, host, "210987654321.dkr.ecr.us-east-1.amazonaws.com")
	at := func(d time.Duration) time.Time { return s.now.Add(d) }
	s.down = []outage{{at(4 * time.Hour), at(8 * time.Hour)}, {at(8*time.Hour + 2*time.Minute), at(13 * time.Hour)}}
	s.run(24 * time.Hour)
	s.wantCallsADay(5)
	if n := s.count(Failed); n != 1 {
		t.Errorf("%d failures were reported, want one: %+v", n, s.results)
	}
	for _, r := range s.results {
		if r.Outcome == Failed && r.Retry <= 0 {
			t.Errorf("%+v, want the time of the next attempt", r)
		}
	}
}

// In an outage longer than the token's lifetime, the Watcher goes on with fewer attempts, and
// refreshes after it.
func TestWatchSurvivesAnOutage(t *testing.T) {
	s := newSimulation(t, host)
	s.down = []outage{{s.now.Add(time.Hour), s.now.Add(20 * time.Hour)}}
	begin := s.now
	hosts := s.hosts
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := s.helper("").Get(ctx, host); err != nil {
		t.Fatal(err)
	}
	s.hosts = nil // its token may expire
	w := s.watcher()
	w.random = func() float64 { return 1 }
	w.wait = func(_ context.Context, d time.Duration) {
		if s.pass(d); s.now.Sub(begin) > 21*time.Hour {
			cancel()
		}
	}
	w.Run(ctx)
	if k, err := s.helper("").Status(hosts[0]); err != nil || k.State != cache.Fresh {
		t.Errorf("an hour after the outage: %s, %v\n%+v", k.State, err, s.results)
	}
	// One attempt a minute for the six hours or so in which the token is still valid, then four an
	// hour.
	if n := s.aws.Calls(getToken); n > 1+7*60+8*4+10 {
		t.Errorf("%d calls", n)
	}
}

// A registry that is used for the first time is watched from then on, and one that was deleted from
// the cache is not.
func TestWatchFindsNewRegistries(t *testing.T) {
	const west = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	s := newSimulation(t, host)
	begin := s.now
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := s.watcher()
	step := 0
	w.wait = func(_ context.Context, d time.Duration) {
		if d > 5*time.Minute {
			t.Fatalf("it rests for %s", d)
		}
		s.set(s.now.Add(d))
		switch elapsed := s.now.Sub(begin); {
		case step == 0: // the cache was empty
			if _, err := s.helper("").Get(ctx, west); err != nil {
				t.Fatal(err)
			}
			step++
		case step == 1 && elapsed > 8*time.Hour:
			if n := len(s.aws.Requests(getToken)); n < 2 {
				t.Errorf("%d calls, want the new registry's token refreshed", n)
			}
			if _, err := s.contents().Forget(west); err != nil {
				t.Fatal(err)
			}
			s.aws.Reset()
			step++
		case step == 2 && elapsed > 24*time.Hour:
			if n := s.aws.Calls(getToken); n != 0 {
				t.Errorf("%d calls for a registry that was deleted from the cache", n)
			}
			// A file that is only half written, and then one that assigns a registry to this
			// helper.
			s.configure("{")
			step++
		case step == 3 && elapsed > 25*time.Hour:
			if n := s.count(Failed); n != 1 {
				t.Errorf("a broken file was reported %d times, want once: %+v", n, s.results)
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
	w.Run(ctx)
	if step != 5 {
		t.Errorf("the test stopped at step %d", step)
	}
}

// Named registries are watched although they are not known, others are not, and fresh tokens are
// not refreshed.
func TestWatchOfNames(t *testing.T) {
	const west = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	s := newSimulation(t, host)
	begin := s.now
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := s.helper("").Get(ctx, west); err != nil {
		t.Fatal(err)
	}
	s.aws.Reset()
	w := s.watcher(host)
	w.wait = func(_ context.Context, d time.Duration) {
		if s.set(s.now.Add(d)); s.now.Sub(begin) > 10*time.Hour {
			cancel()
		}
	}
	w.Run(ctx)
	for _, r := range s.aws.Requests(getToken) {
		if r.Region != "us-east-1" {
			t.Errorf("a token was fetched for %s, which was not named", r.Region)
		}
	}
	if n := successes(s.aws); n != 2 {
		t.Errorf("%d calls in ten hours, want the first and one refresh", n)
	}
	if len(s.results) != 2 || s.count(Refreshed) != 2 {
		t.Errorf("%+v, want two refreshes", s.results)
	}
}

// A session that is about to end makes each new token due at once: there is a rest between the
// refreshes.
func TestWatchRestsBetweenRefreshes(t *testing.T) {
	s := newSimulation(t, host)
	session := s.aws.NewSession("arn:aws:sts::123456789012:assumed-role/deployer/session")
	for _, v := range session.Env() {
		key, value, _ := strings.Cut(v, "=")
		t.Setenv(key, value)
	}
	// This variable sets the end of the session, which stays one second away from the start of the
	// test.
	t.Setenv("AWS_CREDENTIAL_EXPIRATION", s.now.Add(time.Second).UTC().Format(time.RFC3339))
	begin := s.now
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := s.helper("").Get(ctx, host); err != nil {
		t.Fatal(err)
	}
	w := s.watcher()
	w.wait = func(_ context.Context, d time.Duration) {
		if s.set(s.now.Add(d)); s.now.Sub(begin) > 30*time.Minute {
			cancel()
		}
	}
	w.Run(ctx)
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

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		failures  int
		remaining time.Duration
		random    float64
		want      time.Duration
	}{
		{1, time.Hour, 1, 2 * time.Second},
		{1, time.Hour, 0, time.Second},
		{2, time.Hour, 1, 4 * time.Second},
		{5, time.Hour, 1, 32 * time.Second},
		{6, time.Hour, 1, time.Minute},
		{6, time.Hour, 0, 30 * time.Second},
		{1000000, time.Hour, 1, time.Minute}, // while the token is valid
		{6, 0, 1, 64 * time.Second},
		{1000000, 0, 1, 15 * time.Minute},
		{1000000, -time.Hour, 0, 7*time.Minute + 30*time.Second},
	} {
		if got := retryAfter(test.failures, test.remaining, test.random); got != test.want {
			t.Errorf("after %d failures, valid for %s, random %v: %s, want %s", test.failures, test.remaining, test.random, got, test.want)
		}
	}
}
