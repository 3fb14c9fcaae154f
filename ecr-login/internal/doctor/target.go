package doctor

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"time"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// A target is one registry, and what its checks find out for those after them.
type target struct {
	d          *doctor
	host       string // as registry.Host writes it
	repository string // empty: the registry as such
	reference  string // tag or digest

	helper *ecrlogin.Helper
	plan   plan.Plan

	credentials, api, reach *step

	caller        *ecrlogin.Caller      // of credentials
	apiVisit      visit                 // of api
	hostVisit     visit                 // of reach
	trust         trust                 // of reach
	proxy         string                // of reach
	login         *ecrlogin.Credentials // of token
	stored        bool                  // of token: docker login left it
	authorization string                // of registry
}

// examine starts the checks of one registry.
func (d *doctor) examine(t *target) {
	d.configured.wait(d.ctx)
	d.set.wait(d.ctx)
	if d.ctx.Err() != nil {
		d.start("registry", t.host, nil, func() []Finding { return nil }) // says that there was no time
		return
	}
	t.d = d
	options := d.Helper
	if d.config != nil {
		// The program that Docker runs may carry a profile in its name.
		if a := d.config.For(t.host); progname.IsHelper(a.Helper) {
			options.Profile = progname.Profile(prefix + a.Helper)
		}
	}
	t.helper = ecrlogin.New(options)
	if d.set.held() {
		planner := plan.Planner{Settings: d.settings, Profile: options.Profile}
		var err error
		if t.plan, err = planner.For(t.host); err != nil {
			fix := "check the spelling; an alias of an ECR registry needs a rule in the settings"
			d.start("registry", t.host, nil, func() []Finding { return one(fail(fix, "%v", err)) })
			return
		}
	}
	planned := []*step{d.set}
	d.start("entry", t.host, []*step{d.configured}, func() []Finding { return d.checkEntry(t.host) })
	d.begin("podman", t.host, nil, []*step{d.configured}, func() []Finding { return d.checkPodman(t.host) })
	t.credentials = d.start("credentials", t.host, planned, t.checkCredentials)
	t.api = d.start("api", t.host, planned, t.checkAPI)
	t.reach = d.start("host", t.host, nil, t.checkHost)
	d.begin("clock", t.host, nil, []*step{t.api, t.reach, t.credentials}, t.checkClock)
	// The cache is described as it was before the token comes into it.
	got := d.begin("token", t.host, planned, []*step{t.credentials, t.api, d.cached, d.sealed}, t.checkToken)
	opened := d.start("registry", t.host, []*step{t.reach, got}, t.checkRegistry)
	if t.repository != "" {
		found := d.start("image", t.host, []*step{opened}, t.checkImage)
		d.start("layers", t.host, []*step{found}, t.checkLayers)
	}
}

// checkAPI visits the endpoint that a token would be asked of.
func (t *target) checkAPI() []Finding {
	if t.plan.Anonymous {
		return nil
	}
	x := t.helper.Explain(t.d.ctx, t.host)
	if x.ECR == "" {
		return one(skipped("the AWS configuration cannot be used"))
	}
	believed := trust{systemTrust}
	if x.CABundle != "" {
		bundle, err := bundleTrust(x.CABundle)
		if err != nil {
			return one(bundleFailure(x.CABundle, err))
		}
		believed = trust{bundle}
	}
	return one(t.visit(&t.apiVisit, believed, x.ECR))
}

// checkHost visits the registry, without a token. Which authorities may vouch for it depends on the client: the
// system's, those of Docker's daemon, and the bundle that AWS's own programs use.
func (t *target) checkHost() []Finding {
	t.trust = trust{systemTrust}
	if daemon, ok := daemonTrust(t.host); ok {
		t.trust = append(t.trust, daemon)
	}
	file := cmp.Or(t.helper.Explain(t.d.ctx, t.host).CABundle, os.Getenv("AWS_CA_BUNDLE"))
	if file != "" {
		if bundle, err := bundleTrust(file); err == nil { // else the api check tells
			t.trust = append(t.trust, bundle)
		}
	}
	f := t.visit(&t.hostVisit, t.trust, "https://"+t.host+"/v2/")
	t.proxy = t.hostVisit.proxy
	if f.Status == OK && file != "" && t.hostVisit.trustedBy == file {
		f.Fact += ", which Docker's daemon does not read"
	}
	return one(f)
}

func (t *target) visit(v *visit, believed trust, target string) Finding {
	ctx, cancel := context.WithTimeout(t.d.ctx, reachLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return fail("correct the endpoint", "%s is not a URL", target)
	}
	response, err := v.send(believed, r)
	if err != nil {
		return v.unreachable(r.URL.Host, err)
	}
	response.Body.Close()
	v.asked = t.d.Now()
	return ok("%s answers%s", r.URL.Host, v.path())
}

// AWS refuses a signature that is more than five minutes off; the SDK then tries again with the server's time.
const (
	toleratedSkew = time.Minute
	refusedSkew   = 5 * time.Minute
)

// checkClock compares the clock with those of the servers that answered: ECR's, the registry's, or that of STS.
func (t *target) checkClock() []Finding {
	for _, v := range []visit{t.apiVisit, t.hostVisit} {
		if !v.date.IsZero() {
			return one(clock(v.date.Sub(v.asked)))
		}
	}
	if t.caller != nil {
		return one(clock(t.caller.Skew))
	}
	return one(skipped("nobody answered"))
}

// clock judges how far the server's clock is before this machine's.
func clock(skew time.Duration) Finding {
	word := "behind"
	if skew = skew.Round(time.Minute); skew < 0 {
		skew, word = -skew, "ahead of"
	}
	const fix = "set the clock of this machine: timedatectl set-ntp true"
	switch {
	case skew >= refusedSkew:
		return fail(fix, "the clock is %v %s the server's: AWS refuses what is signed by it", skew, word)
	case skew > toleratedSkew:
		return warn(fix, "the clock is %v %s the server's", skew, word)
	}
	return ok("within a minute of the server's")
}
