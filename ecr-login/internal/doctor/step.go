package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
)

// maxParallel is how many checks run at the same time: enough for a few registries, without
// flooding a proxy.
const maxParallel = 8

// A doctor is one run.
type doctor struct {
	Options
	ctx     context.Context // of the run
	slots   chan struct{}   // one for each check that runs
	started chan *step      // all steps, in the order of their findings

	// What the checks of the machine found, each to be read after its step is done.
	dockerFile, settingsFile, cacheDirectory, sealingKey *step

	configPath   string            // of dockerFile
	config       *dockerConfig     // of dockerFile; nil when the file cannot be read
	authVariable map[string]string // of dockerFile: the logins in DOCKER_AUTH_CONFIG
	settings     config.Settings   // of settingsFile
	cache        cache.Status      // of cacheDirectory

	// What the checks of a node found.
	kubeletFound, providersRead *step

	kubelet   kubelet    // of kubeletFound
	providers []provider // of providersRead: those that are this program and can be called
}

func newDoctor(ctx context.Context, o Options) *doctor {
	o.Helper.Profile = cmp.Or(o.Profile, o.Helper.Profile)
	return &doctor{Options: o, ctx: ctx, slots: make(chan struct{}, maxParallel), started: make(chan *step, 64)}
}

// checkMachine starts the checks that are not about one registry.
func (d *doctor) checkMachine() {
	d.start(&step{name: "user", check: checkUser})
	d.dockerFile = d.start(&step{name: "config", check: d.checkConfig})
	d.start(&step{name: "program", check: d.checkPrograms, after: []*step{d.dockerFile}})
	d.settingsFile = d.start(&step{name: "settings", check: d.checkSettings})
	needed := []*step{d.settingsFile}
	d.start(&step{name: "fallback", check: d.checkFallback, needs: needed})
	d.start(&step{name: "passwords", check: d.checkPasswords, needs: needed, after: []*step{d.dockerFile}})
	d.start(&step{name: "old cache", check: d.checkOldCache})
	d.cacheDirectory = d.start(&step{name: "cache", check: d.checkCache, needs: needed})
	d.sealingKey = d.start(&step{name: "sealing", check: d.checkSealing, needs: needed, after: []*step{d.cacheDirectory}})
}

// A step is one check of a run. Whatever the check writes may be read after done is closed.
type step struct {
	name, registry string // without a name the step has no findings to report
	check          func() []Finding
	needs          []*step // the check is skipped when one of these failed
	after          []*step // the check waits for these, whatever their result

	done     chan struct{}
	findings []Finding
}

// start runs the step's check as soon as the steps before it are done, and returns the step.
func (d *doctor) start(s *step) *step {
	s.done = make(chan struct{})
	d.started <- s
	go func() {
		defer close(s.done)
		for _, n := range s.needs {
			if n.wait(d.ctx); d.ctx.Err() == nil && !n.healthy() {
				s.setFindings(one(skipped(n.blocker())))
				return
			}
		}
		for _, a := range s.after {
			a.wait(d.ctx)
		}
		select {
		case d.slots <- struct{}{}:
			defer func() { <-d.slots }()
		case <-d.ctx.Done():
		}
		if d.ctx.Err() != nil { // the steps before may still be writing
			s.setFindings(one(skipped(blockedBy(d.ctx))))
			return
		}
		findings := s.check()
		interrupted := d.ctx.Err() == context.Canceled && slices.ContainsFunc(findings, func(f Finding) bool { return f.Status != OK })
		if interrupted || d.ctx.Err() != nil && !Healthy(findings) { // it failed because the run is over
			findings = one(skipped(blockedBy(d.ctx)))
		}
		s.setFindings(findings)
	}()
	return s
}

func (s *step) setFindings(findings []Finding) {
	for i := range findings {
		findings[i].Check, findings[i].Registry = s.name, s.registry
	}
	s.findings = findings
}

// wait returns when the step is done or the run is over.
func (s *step) wait(ctx context.Context) {
	select {
	case <-s.done:
	case <-ctx.Done():
	}
}

func (s *step) isDone() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// healthy reports whether the step is done and found nothing that blocks others.
func (s *step) healthy() bool { return s.isDone() && Healthy(s.findings) }

// blocker returns the name of the check whose failure blocks those that need this step.
func (s *step) blocker() string {
	by := s.name
	for _, f := range s.findings {
		switch f.Status {
		case Fail:
			return s.name
		case Skipped:
			by = f.BlockedBy
		}
	}
	return by
}

// collect reports the findings of all steps in order, each as soon as it is known, and returns
// them.
func (d *doctor) collect(report func(Finding)) []Finding {
	var all []Finding
	expired := map[string]bool{} // sso-sessions
	for s := range d.started {
		if s.name == "" {
			continue
		}
		if !s.isDone() {
			d.Waiting(s.name, s.registry)
		}
		s.wait(d.ctx)
		findings := []Finding{{Check: s.name, Registry: s.registry, Status: Skipped}}
		if s.isDone() {
			findings = s.findings
		} else {
			by := blockedBy(d.ctx)
			findings[0].BlockedBy, findings[0].Fact = by, skipped(by).Fact
		}
		for _, f := range findings {
			if f.session != "" && expired[f.session] {
				f.Fact, f.Fix = fmt.Sprintf("SSO session %q is not signed in, see above", f.session), ""
			}
			expired[f.session] = true
			report(f)
			all = append(all, f)
		}
	}
	return all
}

// blockedBy returns why the run is over.
func blockedBy(ctx context.Context) string {
	if ctx.Err() == context.Canceled {
		return ByInterrupt
	}
	return ByTimeout
}

// Reason returns a value of Finding.BlockedBy in words.
func Reason(blockedBy string) string {
	switch blockedBy {
	case ByInterrupt:
		return "interrupted"
	case ByTimeout:
		return fmt.Sprintf("no time left, a run ends after %v", Limit)
	}
	return blockedBy + " failed"
}

func ok(format string, args ...any) Finding { return found(OK, "", format, args...) }

func warn(fix, format string, args ...any) Finding { return found(Warn, fix, format, args...) }

func fail(fix, format string, args ...any) Finding { return found(Fail, fix, format, args...) }

func found(s Status, fix, format string, args ...any) Finding {
	return Finding{Status: s, Fact: fmt.Sprintf(format, args...), Fix: fix}
}

func skipped(by string) Finding {
	return Finding{Status: Skipped, BlockedBy: by, Fact: "not checked: " + Reason(by)}
}

func one(f Finding) []Finding { return []Finding{f} }
