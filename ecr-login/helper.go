// Package ecrlogin returns the user name and password for an Amazon ECR registry.
//
// It uses a cache on disk that all processes of the user share, requests one token from AWS however
// many processes and goroutines want it, and stores no password in plain text. For a host that is
// not an ECR registry it returns ErrNotFound, so that the caller can continue without credentials.
//
// The zero Options are those of docker-credential-ecr-login: the same settings file, environment
// variables, profiles and cache. A Go program therefore shares its tokens with the container clients
// of the same user:
//
//	helper := ecrlogin.New(ecrlogin.Options{})
//	credentials, err := helper.Get(ctx, "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
//
// Limits: the package cannot revoke a token, and it does not know which repositories a token can
// read. AWS decides both.
package ecrlogin

import (
	"io"
	"log/slog"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Options configure a Helper. The zero value behaves like docker-credential-ecr-login.
type Options struct {
	// Profile is the AWS profile for every registry. It takes precedence over the rules of the
	// settings, as the profile in the program's name does. Empty means: the rules, the environment
	// and the default profile decide.
	Profile string

	// Settings replaces the settings file and the ECR_LOGIN_* and AWS_ECR_* environment variables;
	// nil means those are read.
	Settings *config.Settings

	// Tier returns a store to use instead of the one on disk; nil means the disk alone. A program
	// that runs for long keeps tokens in memory too:
	//
	//	Tier: func(disk cache.Store) cache.Store { return memory.Over(disk) }
	Tier func(disk cache.Store) cache.Store

	// Version is the version of the program in the user agent of requests to AWS; empty means
	// "library".
	Version string

	// Self is the file of the running program, which is never started as a fallback helper; empty
	// means os.Executable.
	Self string

	// Unlisted leaves the hosts of Get out of List and of the command refresh.
	Unlisted bool

	// Stderr is the standard error of a fallback helper; nil discards it.
	Stderr io.Writer

	// Log receives what a call did and why; nil means no log. No secret is logged.
	Log *slog.Logger

	// Clock is the clock for the times of tokens; the zero value is the machine's clock. It is meant
	// for tests.
	Clock cache.Clock
}

// Helper returns and manages credentials for registries. Create it with New. Its methods may be
// called from several goroutines.
type Helper struct {
	options     Options
	settings    config.Settings
	settingsErr error // why the settings cannot be used; planner returns it
	disk        *cache.Disk
	cache       *cache.Cache
	tokens      *token.Client
	log         *slog.Logger
}

// Credentials are the user name and password for a registry. For ECR the user name is always "AWS".
type Credentials = plan.Login

// New returns a Helper. Settings that cannot be used are not reported here but by the Helper's
// methods.
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
		h.log.Debug("settings not usable", "error", h.settingsErr, "took", time.Since(start))
	} else {
		h.log.Debug("settings read", "path", h.settings.Path, "rules", len(h.settings.Rules), "took", time.Since(start))
	}
	if h.settings.Timeout <= 0 {
		h.settings.Timeout = config.DefaultTimeout
	}
	if h.settings.ImageTimeout == 0 {
		h.settings.ImageTimeout = min(h.settings.Timeout, config.MaxImageTimeout)
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
	h.tokens = &token.Client{Version: version, Log: o.Log, Now: o.Clock.Now, SessionLock: h.cache.Lock}
	return h
}

// planner returns a new planner for one call: it remembers fingerprints of files, and files change.
// The error is that of the settings.
func (h *Helper) planner() (*plan.Planner, error) {
	if h.settingsErr != nil {
		return nil, h.settingsErr
	}
	return &plan.Planner{Settings: h.settings, Profile: h.options.Profile}, nil
}

// now returns the current time of the Helper's clock.
func (h *Helper) now() time.Time {
	if now := h.options.Clock.Now; now != nil {
		return now()
	}
	return time.Now()
}
