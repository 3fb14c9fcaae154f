package doctor

import (
	"context"
	"fmt"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
)

// atOnce is how many checks run side by side: those of a few registries, without flooding a proxy.
const atOnce = 8

// A doctor is one run.
type doctor struct {
	Options
	ctx   context.Context // of the run, which is what a doctor is
	slots chan struct{}
	steps []*step

	// What the steps below found, for those that need it.
	configured, set, cached, sealed *step

	configPath string          // of configured
	config     *dockerFile     // of configured; nil when it cannot be read
	settings   config.Settings // of set
	cache      cache.Status    // of cached
}

// machine starts the checks that are about no registry in particular.
func (d *doctor) machine() {
	d.start("user", "", nil, checkUser)
	d.configured = d.start("config", "", nil, d.checkConfig)
	d.begin("program", "", nil, []*step{d.configured}, d.checkPrograms)
	d.set = d.start("settings", "", nil, d.checkSettings)
	d.start("fallback", "", []*step{d.set}, d.checkFallback)
	d.begin("passwords", "", []*step{d.set}, []*step{d.configured}, d.checkPasswords)
	d.start("old cache", "", nil, d.checkOldCache)
	d.cached = d.start("cache", "", []*step{d.set}, d.checkCache)
	d.sealed = d.begin("sealing", "", []*step{d.set}, []*step{d.cached}, d.checkSealing)
}

// A step is one check on its way. What it writes beside its findings may be read by whoever waits for done.
type step struct {
	name, registry string
	done           chan struct{}
	findings       []Finding
}

// start begins a check as soon as those it needs are through, and skips it when one of them failed.
func (d *doctor) start(name, registry string, needs []*step, check func() []Finding) *step {
	return d.begin(name, registry, needs, nil, check)
}

// begin is start, which waits for those after as well, whatever came of them.
func (d *doctor) begin(name, registry string, needs, after []*step, check func() []Finding) *step {
	s := &step{name: name, registry: registry, done: make(chan struct{})}
	d.steps = append(d.steps, s)
	go func() {
		defer close(s.done)
		for _, n := range needs {
			if n.wait(d.ctx); !n.held() && d.ctx.Err() == nil {
				s.findings = s.mark([]Finding{skipped(n.name + " failed")})
				return
			}
		}
		for _, a := range after {
			a.wait(d.ctx)
		}
		select {
		case d.slots <- struct{}{}:
			defer func() { <-d.slots }()
		case <-d.ctx.Done():
		}
		if d.ctx.Err() != nil {
			s.findings = s.mark([]Finding{d.late()}) // what it needs may still be written
			return
		}
		s.findings = s.mark(check())
	}()
	return s
}

func (s *step) mark(findings []Finding) []Finding {
	for i := range findings {
		f := &findings[i]
		f.Check, f.Registry = s.name, s.registry
		f.Fact, f.Fix = printable(f.Fact), printable(f.Fix)
	}
	return findings
}

// wait returns when the step is through, or the run is over.
func (s *step) wait(ctx context.Context) {
	select {
	case <-s.done:
	case <-ctx.Done():
	}
}

// held reports whether the step is through and nothing stands in the way of those that need it.
func (s *step) held() bool {
	select {
	case <-s.done:
		return Healthy(s.findings)
	default:
		return false
	}
}

// collect waits for all steps and returns their findings, in the order in which the steps were started.
func (d *doctor) collect() []Finding {
	var all []Finding
	for _, s := range d.steps {
		s.wait(d.ctx)
		select {
		case <-s.done:
			all = append(all, s.findings...)
		default:
			all = append(all, Finding{Check: s.name, Registry: s.registry, Status: Skipped, Fact: d.late().Fact})
		}
	}
	return all
}

// late is the finding of a check for which there was no time.
func (d *doctor) late() Finding { return skipped(late(d.ctx)) }

// late is why there was no time.
func late(ctx context.Context) string {
	if ctx.Err() == context.Canceled {
		return "the run was given up"
	}
	return fmt.Sprintf("there was no time, a run ends after %v", Limit)
}

func ok(format string, args ...any) Finding { return found(OK, "", format, args...) }

func warn(fix, format string, args ...any) Finding { return found(Warn, fix, format, args...) }

func fail(fix, format string, args ...any) Finding { return found(Fail, fix, format, args...) }

func found(s Status, fix, format string, args ...any) Finding {
	return Finding{Status: s, Fact: fmt.Sprintf(format, args...), Fix: fix}
}

func skipped(why string) Finding { return Finding{Status: Skipped, Fact: "not checked: " + why} }

func one(f Finding) []Finding { return []Finding{f} }
