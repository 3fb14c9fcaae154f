// Package ecrlogin turns the name of an Amazon ECR registry into the user name and password that open it.
//
// It answers from a cache that outlives the process when it safely can, asks AWS once when it cannot, however
// many processes and goroutines ask, and never leaves a password readable on disk. Registries in other hands are
// answered with ErrNotFound, so that clients carry on as if this package were not there.
//
// The zero Options are those of docker-credential-ecr-login itself: the same settings file, environment,
// profiles and cache, so that a Go program and the container clients beside it share their tokens:
//
//	helper := ecrlogin.New(ecrlogin.Options{})
//	login, err := helper.Get(ctx, "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
//
// What it cannot do: revoke a token, or tell which repositories a token opens. Those are up to AWS.
package ecrlogin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Options says how a Helper differs from the program. The zero value differs in nothing.
type Options struct {
	// Profile is the AWS profile to use for every registry; it wins over the settings' rules, as the profile in
	// the program's name does. Empty: rules, environment and default profile decide.
	Profile string

	// Settings replace the settings file and the helper's own environment variables; nil means those.
	Settings *config.Settings

	// Tier puts a store in front of the one on disk; nil means none. For programs that live long:
	//
	//	Tier: func(disk cache.Store) cache.Store { return memory.Over(disk) }
	Tier func(disk cache.Store) cache.Store

	// Version names the program in the user agent that AWS sees; empty means "library".
	Version string

	// Self is the file of the running program, which a fallback helper must not be; empty means os.Executable.
	Self string

	// Stderr is where a fallback helper may talk to the person; nil means nowhere.
	Stderr io.Writer

	// Log hears what a call did and why; nil means silence. It never gets a secret.
	Log *slog.Logger

	// Clock tells the time that tokens are kept by; the zero value is the machine's. For tests of long-lived programs.
	Clock cache.Clock
}

// Helper answers for registries. Use New; it may be used by any number of goroutines.
type Helper struct {
	options     Options
	settings    config.Settings
	settingsErr error
	disk        *cache.Disk
	cache       *cache.Cache
	tokens      *token.Client
	log         *slog.Logger
}

// Credentials are what opens a registry. Username is always "AWS" for ECR.
type Credentials = plan.Login

// New makes a Helper. It cannot fail: broken settings are what Get and Store then report.
func New(o Options) *Helper {
	h := &Helper{options: o, log: o.Log}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	start := time.Now()
	if o.Settings != nil {
		h.settings = *o.Settings
	} else {
		h.settings, h.settingsErr = config.Load(nil)
	}
	if h.settingsErr != nil {
		h.log.Debug("settings are broken", "error", h.settingsErr, "took", time.Since(start))
	} else {
		h.log.Debug("settings read", "path", h.settings.Path, "rules", len(h.settings.Rules), "took", time.Since(start))
	}
	if h.settings.Timeout <= 0 {
		h.settings.Timeout = config.DefaultTimeout
	}
	co := plan.CacheOptions(h.settings, nil)
	co.Log, co.Clock = o.Log, o.Clock
	h.disk = cache.Open(co)
	h.cache = &cache.Cache{Disk: h.disk, EncodeFailure: encodeFailure, DecodeFailure: decodeFailure, Log: o.Log}
	if o.Tier != nil {
		h.cache.Store = o.Tier(h.disk)
	}
	version := o.Version
	if version == "" {
		version = "library"
	}
	h.tokens = &token.Client{Version: version, Log: o.Log, Now: o.Clock.Now, RenewLock: h.cache.Lock}
	return h
}

// Get returns the credentials for a server URL: a host name, with or without scheme, port and path.
//
// The error is ErrNotFound (errors.Is) for hosts that are not ECR and for ECR Public without usable credentials:
// the caller may try anonymously. Everything else is an *Error, or a *config.Error when the settings are broken.
// A call takes no longer than the settings' timeout (15 s), and no longer than ctx.
func (h *Helper) Get(ctx context.Context, serverURL string) (Credentials, error) {
	if h.settingsErr != nil {
		return Credentials{}, h.settingsErr
	}
	ctx, cancel := context.WithTimeout(ctx, h.settings.Timeout)
	defer cancel()
	start := time.Now()
	p, err := h.planAloud(serverURL)
	if errors.Is(err, registry.ErrNotECR) {
		return h.foreignGet(ctx, serverURL, err)
	}
	if err != nil {
		return Credentials{}, err
	}
	l, err := h.answer(ctx, p)
	h.log.Debug("answered", "host", p.Host, "ok", err == nil, "took", time.Since(start))
	return l, err
}

// planAloud plans a get and tells the log each step of it.
func (h *Helper) planAloud(serverURL string) (plan.Plan, error) {
	start := time.Now()
	m, err := h.settings.Match(serverURL)
	if err != nil {
		h.log.Debug("no registry to answer for", "error", err, "took", time.Since(start))
		return plan.Plan{}, err
	}
	args := []any{"host", m.Host, "account", m.Registry.Account, "region", m.Registry.Region, "partition", m.Registry.Partition}
	if m.Rule != nil {
		args = append(args, "rule", m.Rule.Line, "match", m.Rule.Match)
	}
	h.log.Debug("registry parsed, settings matched", append(args, "took", time.Since(start))...)
	start = time.Now()
	p, err := h.planner().For(serverURL)
	if err == nil {
		h.log.Debug("identity fingerprinted", "profile", p.Identity.Profile, "role", p.RoleARN, "source", p.Identity.Kind, "took", time.Since(start))
	}
	return p, err
}

func (h *Helper) answer(ctx context.Context, p plan.Plan) (Credentials, error) {
	if p.Anonymous {
		return Credentials{}, notFound{errAnonymous}
	}
	if e, _, err := h.cache.Lookup(p.LoginKey); err == nil {
		if l, ok := plan.LoginOf(e.Value); ok {
			h.log.Debug("served the login stored for this host", "host", p.Host)
			return l, nil
		}
	}
	l, err := h.token(ctx, p)
	if err != nil {
		return Credentials{}, err
	}
	h.disk.AddHost(p.Host)
	return l, nil
}

func (h *Helper) now() time.Time {
	if now := h.options.Clock.Now; now != nil {
		return now()
	}
	return time.Now()
}

// planner makes a planner for one question: it remembers fingerprints, and files change.
func (h *Helper) planner() *plan.Planner {
	return &plan.Planner{Settings: h.settings, Profile: h.options.Profile}
}

// fetch asks AWS what the plan's request says and tells how long the cache may keep the answer.
func (h *Helper) fetch(ctx context.Context, p plan.Plan, r token.Request) (cache.Entry, error) {
	start := time.Now()
	t, err := h.tokens.Fetch(ctx, r)
	if err != nil {
		h.log.Info("AWS gave no token", "host", p.Host, "took", time.Since(start), "error", err)
		return cache.Entry{}, withHold(p, err)
	}
	life := t.Lifetime
	if p.Registry.Service == registry.Public && t.Session > 0 {
		// There are reports that a public token does not outlive the session that fetched it.
		life = min(life, t.Session)
	}
	h.log.Info("AWS gave a token", "host", p.Host, "took", time.Since(start), "lifetime", life)
	return cache.Entry{
		Value:    Credentials{Username: t.Username, Password: t.Password}.Value(),
		Fetched:  t.Fetched,
		Lifetime: life,
		Refresh:  cache.RefreshPoint(life, t.Session, rand.Float64()*2-1),
		Skew:     t.Skew,
	}, nil
}
