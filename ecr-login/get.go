package ecrlogin

import (
	"context"
	"errors"
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
// The error is ErrNotFound (errors.Is) for a host that is not ECR, and for ECR Public without usable
// credentials: the caller can continue anonymously. Every other error is an *Error, or a
// *config.Error when the settings cannot be used. A call takes no longer than the timeout of the
// settings (15 s), and no longer than ctx.
func (h *Helper) Get(ctx context.Context, serverURL string) (Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, h.settings.Timeout)
	defer cancel()
	start := time.Now()
	p, err := h.plan(serverURL)
	if errors.Is(err, ErrNotECR) {
		return h.fallbackGet(ctx, serverURL, err)
	}
	if err != nil {
		return Credentials{}, err
	}
	c, err := h.credentials(ctx, p)
	h.log.Debug("get finished", "host", p.Host, "ok", err == nil, "took", time.Since(start))
	return c, err
}

// plan returns the plan of a get for the server URL: the registry, the rule of the settings and the
// principal. The error is that of the settings or wraps ErrNotECR.
func (h *Helper) plan(serverURL string) (plan.Plan, error) {
	planner, err := h.planner()
	if err != nil {
		return plan.Plan{}, err
	}
	start := time.Now()
	m, err := h.settings.Match(serverURL)
	if err != nil {
		h.log.Debug("no registry matched", "error", err, "took", time.Since(start))
		return plan.Plan{}, err
	}
	args := []any{"host", m.Host, "account", m.Registry.Account, "region", m.Registry.Region, "partition", m.Registry.Partition}
	if m.Rule != nil {
		args = append(args, "rule", m.Rule.Line, "match", m.Rule.Match)
	}
	h.log.Debug("registry parsed, settings matched", append(args, "took", time.Since(start))...)
	start = time.Now()
	p := planner.ForMatch(m)
	h.log.Debug("identity fingerprinted", "profile", p.Identity.Profile, "role", p.RoleARN, "source", p.Identity.Kind, "took", time.Since(start))
	return p, nil
}

// credentials returns the login that docker login stored for the plan's host, else the plan's token.
func (h *Helper) credentials(ctx context.Context, p plan.Plan) (Credentials, error) {
	if p.Anonymous {
		return Credentials{}, notFound{errAnonymous}
	}
	if e, _, err := h.cache.Lookup(p.LoginKey); err == nil {
		if c, ok := plan.LoginOf(e.Value); ok {
			h.log.Debug("served the login stored for this host", "host", p.Host)
			return c, nil
		}
	}
	c, err := h.token(ctx, p)
	if err != nil {
		return Credentials{}, err
	}
	if !h.options.Unlisted {
		h.disk.AddHost(p.Host)
	}
	return c, nil
}

// token returns the plan's token, from the cache or from AWS.
func (h *Helper) token(ctx context.Context, p plan.Plan) (Credentials, error) {
	e, err := h.entry(ctx, p, request(p))
	if err != nil {
		return Credentials{}, err
	}
	return login(e)
}

// entry returns the cache's entry for the plan's token, and fetches it with r if necessary.
func (h *Helper) entry(ctx context.Context, p plan.Plan, r token.Request) (cache.Entry, error) {
	for try := 1; ; try++ {
		f := fetch{helper: h, plan: p, request: r}
		e, err := h.cache.Do(ctx, p.TokenKey, f.run)
		if errors.Is(err, errChanged) && try < maxTries {
			p = p.Again()
			continue
		}
		if err != nil {
			return cache.Entry{}, f.failure(err)
		}
		return e, nil
	}
}

// errChanged reports that the source of the credentials changed during a fetch. The token may be that
// of another principal than the one in the cache key.
var errChanged = errors.New("the AWS configuration changed while the token was fetched")

// maxTries is how often a token is fetched when the source of the credentials keeps changing.
const maxTries = 3

// login returns the credentials in a cache entry.
func login(e cache.Entry) (Credentials, error) {
	c, ok := plan.LoginOf(e.Value)
	if !ok {
		return Credentials{}, &Error{Kind: token.UnusableAnswer, Message: "the cache returned an entry without a user name and password"}
	}
	return c, nil
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
	started atomic.Bool // run was called: the cache did not wait for another fetch
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
		Value:    Credentials{Username: t.Username, Password: t.Password}.Value(),
		Fetched:  t.Fetched,
		Lifetime: life,
		Refresh:  cache.RefreshPoint(life, t.Session, rand.Float64()*2-1),
		Skew:     t.Skew,
	}, nil
}
