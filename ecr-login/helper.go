// Package ecrlogin returns the user name and password for an Amazon ECR registry.
//
// It uses a cache on disk that all processes of the user share, requests one token from AWS for all
// processes and goroutines that need it, and stores no password in plain text. For a host that is
// not an ECR registry it returns ErrNotFound, so that the caller can continue without credentials.
//
// The zero Options are those of docker-credential-ecr-login: the same settings file, environment
// variables, profiles and cache. A Go program therefore shares its tokens with the container
// clients of the same user:
//
//	helper := ecrlogin.New(ecrlogin.Options{})
//	credentials, err := helper.Get(ctx, "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
//
// A program with AWS credentials of its own, such as a controller with many tenants, passes them as
// Options.Config, and keeps tokens in its memory with package inmemory. Packages ggcr and oras adapt
// a Helper to go-containerregistry and oras-go. Package ecrtest is an AWS for tests.
//
// Limits: the package cannot revoke a token, and it does not know which repositories a token can
// read. AWS decides both.
package ecrlogin

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

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
	// nil means those are read, or with Config that the defaults apply.
	Settings *config.Settings

	// Config, when set, is all that is used to call AWS: credentials, region of STS, HTTP client,
	// retryer, endpoint, middleware. No environment variable and no file of AWS or of this program
	// is read, and nothing is written to disk. Its endpoint and its FIPS and dual-stack settings
	// take precedence over those of rules and host names. Rules with role_arn assume their role
	// with its credentials; a profile cannot be used. Without a Tier no token is stored: use
	// package inmemory.
	Config *aws.Config

	// Principal names the credentials of Config in the cache. Helpers with the same name share
	// tokens through a shared Tier, so each set of credentials needs its own name. Empty means that
	// this Helper shares tokens with no other.
	Principal string

	// HTTPClient sends all requests to AWS; nil means that of Config, else the default transport. A
	// Helper shares one transport between all its requests.
	HTTPClient aws.HTTPClient

	// UserAgent is added to the user agent that AWS records, such as "flux/2.7".
	UserAgent string

	// Observe is called once for the result of each Get, GetForImage, GetForRegion and Refresh, for
	// metrics and traces. It must not block. Nil observes nothing.
	Observe func(context.Context, Event)

	// Tier returns a store to use instead of the one on disk; nil means the disk alone. A program
	// that runs for long keeps tokens in memory too:
	//
	//	Tier: func(disk cache.Store) cache.Store { return memory.Over(disk) }
	//
	// A Helper with a Tier notices a login that another process stored after a second.
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

	// Clock is the clock for the times of tokens; the zero value is the machine's clock. It is
	// meant for tests.
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
	principal   string     // of Options.Config, never empty with one
	memo        *plan.Memo // nil for a Helper that is used once: without a Tier and a Config
	stored      storedLogins
	added       sync.Map // hosts that were added to the known hosts, and when
	plans       sync.Map // plans by server URL
	planned     atomic.Int32
}

// New returns a Helper. Settings that cannot be used are not reported here but by the Helper's
// methods.
func New(o Options) *Helper {
	h := &Helper{log: o.Log}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	start := time.Now()
	switch {
	case o.Settings != nil:
		h.settings = *o.Settings
	case o.Config != nil:
		h.settings = config.Default()
	default:
		h.settings, h.settingsErr = config.Load(nil)
	}
	if o.Config != nil {
		h.settings.Cache = false
		h.principal = principal(o.Principal)
		o.Clock = processClock(o.Clock)
	}
	if o.Config != nil || o.Tier != nil {
		h.memo = &plan.Memo{}
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
	h.tokens = &token.Client{
		Version: version, UserAgent: o.UserAgent, Config: o.Config, HTTPClient: o.HTTPClient,
		Log: o.Log, Now: o.Clock.Now, SessionLock: h.cache.Lock,
	}
	h.options = o
	return h
}

// planner returns a new planner for one call: it remembers fingerprints of files, and files change.
// The error is that of the settings.
func (h *Helper) planner() (*plan.Planner, error) {
	if h.settingsErr != nil {
		return nil, h.settingsErr
	}
	return &plan.Planner{Settings: h.settings, Profile: h.options.Profile, Principal: h.principal, Memo: h.memo}, nil
}

// now returns the current time of the Helper's clock.
func (h *Helper) now() time.Time {
	if now := h.options.Clock.Now; now != nil {
		return now()
	}
	return time.Now()
}
