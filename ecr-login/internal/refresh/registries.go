package refresh

import (
	"errors"
	"slices"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/clients"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/contents"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// Registries are the known registries of a user, each with the Helper whose profile a client would
// use for it.
type Registries struct {
	// New returns a Helper with an AWS profile; the empty profile leaves the choice to the settings
	// and the environment. It is called once per profile.
	New func(profile string) *ecrlogin.Helper

	// Profile is the AWS profile for all registries, such as the one in the program's own name.
	// Empty: the one that the client's configuration has for each registry.
	Profile string

	// Clients are the registries in the configuration files of docker and podman.
	Clients *clients.Registries

	// Cache has the registries that were used recently.
	Cache *contents.Cache

	helpers map[string]*ecrlogin.Helper // by profile
}

// Helper returns the Helper that a client would use for the server URL.
func (r *Registries) Helper(serverURL string) *ecrlogin.Helper {
	profile := r.ProfileOf(serverURL)
	if r.helpers == nil {
		r.helpers = map[string]*ecrlogin.Helper{}
	}
	h := r.helpers[profile]
	if h == nil {
		h = r.New(profile)
		r.helpers[profile] = h
	}
	return h
}

// ProfileOf returns the AWS profile that a client would use for the server URL.
func (r *Registries) ProfileOf(serverURL string) string {
	if r.Profile != "" {
		return r.Profile
	}
	profile, _ := r.Clients.Profile(serverURL)
	return profile
}

// Hosts returns the registries that are configured or were used recently, sorted.
func (r *Registries) Hosts() []string {
	list := append(r.Cache.Hosts(), r.Clients.Keys()...)
	slices.Sort(list)
	return slices.Compact(list)
}

// Check returns the error of the first name that can never become a registry: a Watcher would wait
// for it in vain.
func (r *Registries) Check(names []string) (name string, err error) {
	for _, name := range names {
		if _, err := r.Helper(name).Status(name); errors.Is(err, ecrlogin.ErrNotECR) {
			return redact.UserInfo(name), err
		}
	}
	return "", nil
}

// Tokens returns the tokens of the named registries, or, without names, of all that are configured
// or have a token in the cache: each token once. Registries without a token to refresh are among
// the results.
func (r *Registries) Tokens(names []string) (tokens []*Token, results []Result) {
	hosts, named := names, len(names) > 0
	if !named {
		hosts = r.Hosts()
		for _, err := range r.Clients.Errors {
			results = append(results, Result{Outcome: Failed, Err: err})
		}
	}
	byID := map[ecrlogin.TokenID]*Token{}
	for _, host := range hosts {
		configured := r.Clients.Contains(host)
		helper := r.Helper(host)
		cached, err := helper.Status(host)
		switch {
		case err != nil && (named || configured && !errors.Is(err, ecrlogin.ErrNotECR)):
			results = append(results, Result{Registries: []string{redact.UserInfo(host)}, Outcome: Failed, Err: err})
			continue
		case err != nil: // not ECR, or an alias that the settings no longer have
			continue
		case !cached.Login.IsZero():
			results = append(results, Result{Registries: []string{cached.Host}, Outcome: Login, Expires: cached.Login})
			continue
		case !named && !configured && cached.State == cache.Absent:
			continue
		}
		t := byID[cached.Token]
		if t == nil {
			t = &Token{id: cached.Token, helper: helper, cache: r.Cache, named: named, cached: cached}
			byID[cached.Token] = t
			tokens = append(tokens, t)
		}
		if !slices.Contains(t.Hosts, cached.Host) {
			t.Hosts = append(t.Hosts, cached.Host)
		}
	}
	return tokens, results
}

// isFresh reports whether the token in the cache is before its refresh point.
func (t *Token) isFresh() bool { return t.cached.State == cache.Fresh }
