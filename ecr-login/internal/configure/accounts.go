package configure

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

const (
	// stsTime is how long the identity of one profile may take. An SSO portal and STS respond within
	// a second; a person waits for this.
	stsTime = 5 * time.Second

	// stsCalls is how many profiles are identified at once. STS limits the calls of an account, and a
	// credential_process may be costly.
	stsCalls = 8
)

// ErrNoCredentials is wrapped by the error of Options.Caller if no credentials were found.
var ErrNoCredentials = errors.New("no AWS credentials")

// A Caller is the identity of credentials, according to STS.
type Caller struct {
	Account  string
	Registry string // of the account in its region; empty: no region is configured
}

// A callerResult is the result of one call of Options.Caller, which several searches share.
type callerResult struct {
	once   sync.Once
	done   chan struct{}
	caller Caller
	err    error
}

// currentCaller returns the identity of the current credentials. It makes one call, however often it
// is called, and does not wait for it longer than ctx.
func (s *Session) currentCaller(ctx context.Context) (Caller, error) {
	if s.options.Caller == nil {
		return Caller{}, errors.New("STS is not called")
	}
	r := &s.caller
	r.once.Do(func() {
		r.done = make(chan struct{})
		go func() {
			defer close(r.done)
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stsTime)
			defer cancel()
			r.caller, r.err = s.options.Caller(ctx, s.options.Profile)
		}()
	})
	select {
	case <-r.done:
		return r.caller, r.err
	case <-ctx.Done():
		return Caller{}, ctx.Err()
	}
}

// accounts is what is known about the accounts of the AWS credentials.
type accounts struct {
	profiles []awsconfig.Listed // in the order of the files

	// The current credentials are those of a helper without a profile in its name.
	account string // empty: not known
	missing error  // why current credentials are missing; nil: they were found, or it is not known
	inShell string // the profile that AWS_PROFILE names
	byShell bool   // the current credentials are those of that profile

	fromEnvironment bool // the current credentials are not those of a profile

	calledSTS bool // for the accounts that the files do not name
}

// newAccounts reads the files. It calls nothing.
func (s *Session) newAccounts() *accounts {
	a := &accounts{}
	if s.options.AWS == nil {
		return a
	}
	a.profiles = slices.Clone(s.profiles())
	// In every shell the default profile is found without AWS_PROFILE.
	if name, named := s.options.AWS.ProfileName(); named && name != "default" {
		a.inShell = name
	}
	chain, err := s.options.AWS.Resolve()
	if err != nil {
		a.missing = err
		return a
	}
	a.account, _ = chain.Account()
	a.fromEnvironment = len(chain.Roles) == 0 && (chain.Kind == awsconfig.Environment || chain.Kind == awsconfig.WebIdentity)
	a.byShell = a.inShell != "" && !a.fromEnvironment
	return a
}

// profiles returns the profiles of the AWS files that have credentials.
func (s *Session) profiles() []awsconfig.Listed {
	s.awsOnce.Do(func() {
		if s.options.AWS != nil {
			s.awsNames, s.awsProfiles = s.options.AWS.Profiles(), s.options.AWS.List()
		}
	})
	return s.awsProfiles
}

// hasProfile reports whether the AWS files have the profile.
func (s *Session) hasProfile(name string) bool {
	s.profiles()
	return slices.Contains(s.awsNames, name)
}

// of returns the profiles of a registry's account, in the order of the files.
func (a *accounts) of(r registry.Registry) (names []string) {
	for _, p := range a.profiles {
		if p.Account == r.Account && (p.Partition == "" || p.Partition == r.Partition) {
			names = append(names, p.Name)
		}
	}
	return names
}

// unknown returns the profiles whose account the files do not name, without that of the current
// credentials.
func (a *accounts) unknown() (names []string) {
	current := ""
	if !a.fromEnvironment {
		current = cmp.Or(a.inShell, "default")
	}
	for _, p := range a.profiles {
		if p.Account == "" && p.Name != current {
			names = append(names, p.Name)
		}
	}
	return names
}

// identifyCurrent requests the account of the current credentials from STS, if the files do not name
// it.
func (s *Session) identifyCurrent(ctx context.Context, a *accounts) {
	if a.account != "" || a.missing != nil || s.options.Caller == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, stsTime)
	defer cancel()
	caller, err := s.currentCaller(ctx)
	if errors.Is(err, ErrNoCredentials) {
		a.missing = err
	}
	a.account = caller.Account
	if a.byShell {
		a.set(a.inShell, caller.Account)
	}
}

// identify requests the accounts of the profiles from STS. It warns about the profiles that STS did
// not identify.
func (s *Session) identify(ctx context.Context, a *accounts, names []string) {
	a.calledSTS = true
	errs := make([]error, len(names))
	found := make([]Caller, len(names))
	slots := make(chan struct{}, stsCalls)
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(ctx, stsTime)
			defer cancel()
			found[i], errs[i] = s.options.Caller(ctx, name)
		})
	}
	all.Wait()
	for i, name := range names {
		if errs[i] != nil {
			s.warn(problem("", "cannot find the account of profile %q: %w", name, errs[i]))
		}
		a.set(name, found[i].Account)
	}
}

// set records the account of a profile.
func (a *accounts) set(name, account string) {
	for i := range a.profiles {
		if a.profiles[i].Name == name {
			a.profiles[i].Account = account
		}
	}
}
