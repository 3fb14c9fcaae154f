package ecrlogin

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Get returns the credentials for a server URL: a host name, with or without scheme, port and path.
//
// The error is ErrNotFound (errors.Is) for a host that is not ECR, and for ECR Public without
// usable credentials: the caller can continue anonymously. Every other error is an *Error, or a
// *config.Error when the settings cannot be used. A call takes no longer than the timeout of the
// settings (15 s), and no longer than ctx.
func (h *Helper) Get(ctx context.Context, serverURL string) (Credentials, error) {
	o := h.observe()
	c, err := h.get(ctx, serverURL, &o)
	if o.Region != "" && h.debugs() {
		h.log.Debug("get finished", "host", o.Host, "outcome", string(o.Outcome), "ok", err == nil, "took", time.Since(o.start))
	}
	o.end(ctx, c, err)
	return c, err
}

func (h *Helper) get(ctx context.Context, serverURL string, o *observation) (Credentials, error) {
	p, err := h.knownPlan(serverURL)
	if errors.Is(err, ErrNotECR) {
		o.Host, o.Outcome = h.hostOf(serverURL), NotECR
		return h.fallbackGet(ctx, serverURL, err)
	}
	if err != nil {
		o.Host = h.hostOf(serverURL)
		return Credentials{}, err
	}
	o.Host, o.Region = p.Host, p.Registry.Region
	if p.Anonymous {
		return Credentials{}, notFound{errAnonymous}
	}
	if c, ok := h.storedLogin(p); ok {
		o.Outcome = Hit
		return c, nil
	}
	c, err := h.token(ctx, p, nil, o)
	if err != nil {
		return Credentials{}, err
	}
	if !h.options.Unlisted {
		h.addHost(p.Host)
	}
	return c, nil
}

// hostOf returns the host of a server URL for an Event; empty when the server URL is malformed.
func (h *Helper) hostOf(serverURL string) string {
	if h.options.Observe == nil {
		return ""
	}
	host, _ := registry.Host(serverURL)
	return host
}

// debugs reports whether debug messages are logged. Building their attributes costs time.
func (h *Helper) debugs() bool { return h.log.Enabled(context.Background(), slog.LevelDebug) }

// plan returns the plan of a get for the server URL: the registry, the rule of the settings and the
// principal. The error is that of the settings or wraps ErrNotECR.
func (h *Helper) plan(serverURL string) (plan.Plan, error) {
	planner, err := h.planner()
	if err != nil {
		return plan.Plan{}, err
	}
	debug := h.debugs()
	start := time.Now()
	m, err := h.settings.Match(serverURL)
	if err != nil {
		h.log.Debug("no registry matched", "error", err, "took", time.Since(start))
		return plan.Plan{}, err
	}
	if debug {
		args := []any{"host", m.Host, "account", m.Registry.Account, "region", m.Registry.Region, "partition", m.Registry.Partition}
		if m.Rule != nil {
			args = append(args, "rule", m.Rule.Line, "match", m.Rule.Match)
		}
		h.log.Debug("registry parsed, settings matched", append(args, "took", time.Since(start))...)
		start = time.Now()
	}
	p := planner.ForMatch(m)
	if debug {
		h.log.Debug("identity fingerprinted", "profile", p.Identity.Profile, "role", p.RoleARN, "source", p.Identity.Kind, "took", time.Since(start))
	}
	return p, nil
}

// maxPlans limits the plans that a Helper remembers.
const maxPlans = 1000

// knownPlan is plan for a server URL that is used again and again. With an explicit Config nothing
// can change a plan, so it is remembered.
func (h *Helper) knownPlan(serverURL string) (*plan.Plan, error) {
	if known, ok := h.plans.Load(serverURL); ok {
		return known.(*plan.Plan), nil
	}
	p, err := h.plan(serverURL)
	if err == nil && h.principal != "" && h.planned.Add(1) <= maxPlans {
		h.plans.Store(serverURL, &p)
	}
	return &p, err
}

// storedLogin returns the login that docker login stored for the plan's host.
func (h *Helper) storedLogin(p *plan.Plan) (Credentials, bool) {
	if h.stored.isAbsent(p.LoginKey) {
		return Credentials{}, false
	}
	if e, _, err := h.cache.Lookup(p.LoginKey); err == nil {
		if c, ok := loginOf(e); ok {
			h.log.Debug("found the login stored for this host", "host", p.Host)
			return c, true
		}
	}
	if h.options.Tier != nil {
		h.stored.setAbsent(p.LoginKey)
	}
	return Credentials{}, false
}

// token returns the plan's token from the cache, or requests it, for a pod with its web identity.
func (h *Helper) token(ctx context.Context, p *plan.Plan, pod *token.WebIdentity, o *observation) (Credentials, error) {
	e, state, err := h.cache.Lookup(p.TokenKey)
	if err == nil && state == cache.Fresh {
		if h.debugs() {
			h.log.Debug("found in the cache", "host", p.Host)
		}
		o.Outcome = Hit
		return tokenOf(e)
	}
	return h.refreshedToken(ctx, p, pod, o, e, state)
}

// refreshedToken is token for a cache entry that is aging or absent.
func (h *Helper) refreshedToken(ctx context.Context, p *plan.Plan, pod *token.WebIdentity, o *observation, e cache.Entry, state cache.State) (Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	f, found, err := h.fetch(ctx, *p, pod, h.cache.Do)
	switch {
	case err != nil:
		return Credentials{}, f.failure(err)
	case state == cache.Aging && !found.Fetched.After(e.Fetched):
		o.Outcome = Stale
	case !f.started.Load():
		o.Outcome = Shared
	case state == cache.Aging:
		o.Outcome = Refreshed
	default:
		o.Outcome = Fetched
	}
	return tokenOf(found)
}

// errChanged reports that the source of the credentials changed during a fetch. The token may be
// that of another principal than the one in the cache key.
var errChanged = errors.New("the AWS configuration changed while the token was fetched")

// maxTries is how often a token is fetched when the source of the credentials keeps changing.
const maxTries = 3

// fetch fetches the plan's token with one of the cache's functions. It fetches again when the source
// of the credentials has changed meanwhile. The plan of the returned fetch is the one that was used.
func (h *Helper) fetch(ctx context.Context, p plan.Plan, pod *token.WebIdentity, do cacheFunc) (f *fetch, found cache.Entry, err error) {
	for range maxTries {
		f = h.newFetch(ctx, p, pod)
		if found, err = do(ctx, p.TokenKey, f.run); !errors.Is(err, errChanged) {
			break
		}
		p = p.Again()
	}
	return f, found, err
}

// cacheFunc is cache.Do or cache.Refresh.
type cacheFunc = func(ctx context.Context, key string, fetch func(context.Context) (cache.Entry, error)) (cache.Entry, error)

// addHost adds a host to the known hosts, at most once a day.
func (h *Helper) addHost(host string) {
	const interval = 24 * time.Hour // far below the month for which a host is known
	if last, ok := h.added.Load(host); ok && time.Since(last.(time.Time)) < interval {
		return
	}
	h.disk.AddHost(host)
	h.added.Store(host, time.Now())
}

// request returns the token request of a plan.
func request(p plan.Plan) token.Request {
	return token.Request{
		Registry:    p.Registry,
		Profile:     p.Profile,
		RoleARN:     p.RoleARN,
		ExternalID:  p.ExternalID,
		SessionName: p.SessionName,
		STSRegion:   p.STSRegion,
		Endpoint:    p.Endpoint,
	}
}

// A fetch requests one token from AWS for the cache.
type fetch struct {
	helper  *Helper
	plan    plan.Plan
	request token.Request
	timeout time.Duration
	late    bool        // the caller's context had ended before
	started atomic.Bool // run was called: the cache did not wait for another fetch
}

func (h *Helper) newFetch(ctx context.Context, p plan.Plan, pod *token.WebIdentity) *fetch {
	f := &fetch{helper: h, plan: p, request: request(p), late: ctx.Err() != nil}
	if pod != nil {
		// The pod's role is assumed with its token. AssumeRoleWithWebIdentity takes no external ID.
		f.request.RoleARN, f.request.ExternalID, f.request.WebIdentity = "", "", pod
	}
	if deadline, ok := ctx.Deadline(); ok {
		f.timeout = time.Until(deadline).Round(10 * time.Millisecond)
	}
	return f
}

// run requests the token and returns it as a cache entry.
func (f *fetch) run(ctx context.Context) (cache.Entry, error) {
	f.started.Store(true)
	log, host, start := f.helper.log, f.plan.Host, time.Now()
	r := f.request
	r.Once = cache.IsRefresh(ctx)
	// The credentials come from the files that the cache key was made from. Files with sessions and
	// tokens are read later, so their part is checked after the fetch.
	t, err := f.helper.tokens.Fetch(awsconfig.NewContext(ctx, f.plan.Identity.Config), r)
	if f.plan.Again().TokenKey != f.plan.TokenKey {
		log.Info("the AWS configuration changed during the fetch", "host", host, "took", time.Since(start))
		return cache.Entry{}, errChanged
	}
	if err != nil {
		log.Info("AWS returned no token", "host", host, "took", time.Since(start), "error", err)
		return cache.Entry{}, withHold(f.plan, err)
	}
	life := t.Lifetime
	if f.plan.Registry.Service == registry.Public && t.Session > 0 {
		// There are reports that a public token does not outlive the session that fetched it.
		life = min(life, t.Session)
	}
	log.Info("AWS returned a token", "host", host, "took", time.Since(start), "lifetime", life)
	return cache.Entry{
		Value:    Credentials{Username: t.Username, Password: t.Password}.value(),
		Fetched:  t.Fetched,
		Lifetime: life,
		Refresh:  cache.RefreshPoint(life, t.Session, rand.Float64()*2-1),
		Skew:     t.Skew,
	}, nil
}
