package doctor

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"runtime"
	"time"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// A target is one registry, and what its checks find for those after them.
type target struct {
	d          *doctor
	host       string // as registry.Host writes it
	repository string // empty: no image is checked
	reference  string // tag or digest

	helper *ecrlogin.Helper
	plan   plan.Plan
	before ecrlogin.Explanation // of explained, before the token check fetches anything

	explained, credentials, api, reach *step

	providers     []provider            // of match
	caller        *ecrlogin.Caller      // of credentials
	apiProbe      probe                 // of api
	hostProbe     probe                 // of reach
	trust         caSets                // of reach
	login         *ecrlogin.Credentials // of token
	stored        bool                  // of token: docker login stored it
	authorization string                // of registry
}

// checkTarget starts the checks of one registry.
func (d *doctor) checkTarget(t *target) {
	d.dockerFile.wait(d.ctx)
	d.settingsFile.wait(d.ctx)
	if d.ctx.Err() != nil {
		d.start(&step{name: "registry", registry: t.host, check: func() []Finding { return nil }}) // is skipped
		return
	}
	t.d = d
	options := d.Helper
	if d.config != nil && d.Profile == "" {
		if a := d.config.For(t.host); progname.IsHelper(a.Helper) {
			options.Profile = progname.Profile(progname.Prefix + a.Helper)
		}
	}
	options.Unlisted = true
	t.helper = ecrlogin.New(options)
	if d.settingsFile.healthy() {
		planner := plan.Planner{Settings: d.settings, Profile: options.Profile}
		var err error
		if t.plan, err = planner.For(t.host); err != nil {
			const fix = "check the spelling; an alias of an ECR registry needs a rule in the settings"
			d.start(&step{name: "registry", registry: t.host, check: func() []Finding { return one(fail(fix, "%v", err)) }})
			return
		}
	}
	start := func(name string, check func() []Finding, needs []*step, after ...*step) *step {
		return d.start(&step{name: name, registry: t.host, check: check, needs: needs, after: after})
	}
	start("entry", func() []Finding { return d.checkEntry(t.host) }, []*step{d.dockerFile})
	start("podman", func() []Finding { return d.checkPodman(t.host) }, nil, d.dockerFile)
	// The cache is examined before the token check writes to it.
	t.explained = start("", t.explain, nil)
	planned := []*step{d.settingsFile}
	t.credentials = start("credentials", t.checkCredentials, planned)
	t.api = start("api", t.checkAPI, planned, t.explained, t.credentials)
	t.reach = start("host", t.checkHost, nil, t.explained)
	start("clock", t.checkClock, nil, t.api, t.reach, t.credentials)
	got := start("token", t.checkToken, planned, t.explained, t.credentials, t.api, d.cacheDirectory, d.sealingKey)
	opened := start("registry", t.checkRegistry, []*step{t.reach, got})
	if t.repository != "" {
		found := start("image", t.checkImage, []*step{opened})
		start("layers", t.checkLayers, []*step{found})
	}
}

// explain learns which endpoints and cache entry a get would use. It has no finding of its own.
func (t *target) explain() []Finding {
	t.before = t.helper.Explain(t.d.ctx, t.host)
	return nil
}

// checkAPI connects to the endpoint that issues tokens.
func (t *target) checkAPI() []Finding {
	if t.plan.Anonymous {
		return nil
	}
	if t.before.ECR == "" {
		return one(skipped(t.credentials.name))
	}
	trust := caSets{systemCAs}
	if file := t.before.CABundle; file != "" {
		bundle, err := readBundle(file)
		if err != nil {
			return one(badBundle(file, err))
		}
		trust = caSets{bundle}
	}
	return one(t.probe(&t.apiProbe, trust, t.before.ECR))
}

// checkHost connects to the registry, without a token. Which certificate authorities count depends
// on the client: the system's, those of Docker's daemon, and the bundle that AWS's programs use.
func (t *target) checkHost() []Finding {
	t.trust = caSets{systemCAs}
	if daemon, ok := daemonCAs(t.host); ok {
		t.trust = append(t.trust, daemon)
	}
	file := cmp.Or(t.before.CABundle, os.Getenv("AWS_CA_BUNDLE"))
	if file != "" {
		if bundle, err := readBundle(file); err == nil { // else the api check reports it
			t.trust = append(t.trust, bundle)
		}
	}
	f := t.probe(&t.hostProbe, t.trust, "https://"+t.host+"/v2/")
	switch {
	case f.Status != OK || file == "" || t.hostProbe.trustedBy != file:
		return one(f)
	case t.d.Kubelet:
		return one(warn("add the CA to the system's CA certificates and restart the container runtime", "%s, which the container runtime does not read", f.Fact))
	default:
		fix := "add the CA to the system's CA certificates and restart Docker Desktop"
		if runtime.GOOS == "linux" {
			fix = "sudo install -D -m 0644 " + process.Quote(file) + " " + daemonDirectory + "/" + t.host + "/ca.crt"
		}
		return one(warn(fix,
			"%s, which Docker's daemon does not read", f.Fact))
	}
}

// probe sends one request to find out whether a server answers.
func (t *target) probe(p *probe, trust caSets, target string) Finding {
	ctx, cancel := context.WithTimeout(t.d.ctx, probeLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return fail("correct the endpoint", "%s is not a URL", target)
	}
	response, err := p.send(trust, r)
	if err != nil {
		return p.unreachable(r.URL.Host, err)
	}
	response.Body.Close()
	p.received = t.d.Now()
	return ok("%s answers%s", r.URL.Host, p.path())
}

// AWS rejects a signature whose time is more than five minutes off; the SDK then tries again with
// the server's time.
const (
	toleratedSkew = time.Minute
	rejectedSkew  = 5 * time.Minute
)

// checkClock compares the clock with that of a server that answered: ECR, the registry or STS.
func (t *target) checkClock() []Finding {
	for _, p := range []probe{t.apiProbe, t.hostProbe} {
		if !p.date.IsZero() {
			return one(clockSkew(p.date.Sub(p.received)))
		}
	}
	if t.caller != nil {
		return one(clockSkew(t.caller.Skew))
	}
	return one(skipped(t.reach.name))
}

// clockSkew returns the finding about how far the server's clock is ahead of this machine's.
func clockSkew(skew time.Duration) Finding {
	word := "behind"
	if skew = skew.Round(time.Minute); skew < 0 {
		skew, word = -skew, "ahead of"
	}
	const fix = "sudo timedatectl set-ntp true"
	switch {
	case skew >= rejectedSkew:
		return fail(fix, "this clock is %v %s the server's; AWS rejects more than 5 minutes", skew, word)
	case skew > toleratedSkew:
		return warn(fix, "this clock is %v %s the server's", skew, word)
	}
	return ok("within a minute of the server's")
}
