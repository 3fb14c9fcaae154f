package configure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/nearest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// A Reason is a code for why a registry has its profile. The codes are part of the JSON output, and
// this is their order: the first one that applies decides.
type Reason string

// The reasons.
const (
	ByFlag      Reason = "flag"        // --profile, or the profile in the program's name
	ByEntry     Reason = "entry"       // the entry in the client's file names the profile
	ByRule      Reason = "settings"    // a rule of the settings names a profile or a role
	ByDefault   Reason = "default"     // the current credentials are of the account, or nothing else is known
	ByShell     Reason = "AWS_PROFILE" // AWS_PROFILE names a profile of the account
	OnlyProfile Reason = "only"        // it is the only profile of the account
	ByChoice    Reason = "chosen"      // a person chose it among several
	ByOrder     Reason = "first"       // it is the first of several in the AWS files
	NotFound    Reason = "none"        // there are neither a profile of the account nor current credentials
	NotWritten  Reason = "not-written" // it needs a profile, and neither a link nor a rule can name it
)

// An Assignment is the AWS profile with which a client gets the credentials of a registry.
type Assignment struct {
	Registry string   `json:"registry"`
	Account  string   `json:"account,omitempty"`
	Profile  string   `json:"profile,omitempty"` // empty: the current credentials, or a role of the settings
	Reason   Reason   `json:"reason"`
	Others   []string `json:"otherProfiles,omitempty"` // further profiles of the account
	Helper   string   `json:"helper"`                  // the name in credHelpers
	Rule     string   `json:"rule,omitempty"`          // the settings file of the rule that names the profile

	match config.Match
}

// Text returns the credentials in words.
func (a Assignment) Text() string {
	switch {
	case a.Profile != "":
		return "profile " + a.Profile
	case a.Reason == ByRule:
		return "role of the settings"
	case a.Reason == NotFound:
		return "no credentials found"
	}
	return "default credentials"
}

// Assign decides which profile each registry gets. It calls STS only if that can change the result,
// and for other profiles than the current one only with the consent of Options.MayCallSTS.
func (s *Session) Assign(ctx context.Context, hosts []string) error {
	entries := s.entries()
	var all, open []*Assignment
	for _, host := range hosts {
		a := &Assignment{Registry: host}
		a.match, _ = s.options.Settings.Match(host)
		all = append(all, a)
		if r := a.match.Registry; r.Service == registry.Private {
			a.Account = r.Account
		}
		if a.Profile, a.Reason = s.decided(a, entries[host]); a.Reason == "" {
			open = append(open, a)
		}
		s.checkRegion(a)
	}
	if len(open) > 0 && s.options.AWS != nil {
		if err := s.decide(ctx, open); err != nil {
			return err
		}
	}
	s.assigned = map[string]*Assignment{}
	s.result.Registries = nil
	for _, a := range all {
		if a.Reason == "" {
			a.Reason = ByDefault
		}
		s.assigned[a.Registry] = a
		s.result.Registries = append(s.result.Registries, a)
	}
	return s.place(all)
}

// place decides what names each profile: the name of a link to the program, or where no link can be
// created a rule in the settings. The link is preferred because it changes no settings, and because
// the client's file then shows the profile. The error is about a profile that the caller gave.
func (s *Session) place(all []*Assignment) error {
	for _, a := range all {
		a.Helper = progname.Helper
		if a.Profile == "" || a.Reason == ByRule {
			continue
		}
		noLink := s.checkLink(a.Profile)
		if noLink == nil {
			a.Helper = progname.HelperFor(a.Profile)
			continue
		}
		if a.match.Profile == a.Profile && a.match.RoleARN == "" {
			continue // a rule names it already
		}
		noRule := s.checkRule(a)
		switch {
		case noRule == nil:
			a.Rule = s.settingsPath()
		case s.options.Profile != "":
			return &Error{Err: fmt.Errorf("%w; %w", noLink, noRule), Advice: adviceOf(noLink)}
		default:
			s.warn(&Error{Err: fmt.Errorf("%s needs profile %s: %w; %w", a.Registry, a.Profile, noLink, noRule), Advice: adviceOf(noRule)})
			a.Profile, a.Reason, a.Others = "", NotWritten, nil
		}
	}
	return nil
}

// decided returns the profile of a registry that does not depend on accounts, and an empty reason if
// it does. helper is the name in the client's file.
func (s *Session) decided(a *Assignment, helper string) (profile string, why Reason) {
	inEntry := progname.Profile(progname.Prefix + helper)
	switch {
	case s.options.Profile != "":
		return s.options.Profile, ByFlag
	case inEntry != "" && s.hasProfile(inEntry):
		return inEntry, ByEntry
	case a.match.Profile != "" || a.match.RoleARN != "":
		return a.match.Profile, ByRule
	case a.Account == "":
		return "", ByDefault // ECR Public accepts every principal
	}
	return "", ""
}

// entries returns the helper of each host in the clients' files, as the first client finds it.
func (s *Session) entries() map[string]string {
	all := map[string]string{}
	for _, t := range s.targets {
		c, err := dockerconfig.Read(t.path, t.client)
		if err != nil {
			continue // the edit reports it
		}
		for _, h := range c.Helpers() {
			if _, known := all[h.Host]; !known && progname.IsHelper(h.Name) {
				all[h.Host] = h.Name
			}
		}
	}
	return all
}

// decide assigns profiles by account.
func (s *Session) decide(ctx context.Context, open []*Assignment) error {
	known := s.newAccounts()
	unassigned := func(a *Assignment) bool { return len(known.of(a.match.Registry)) == 0 }
	others := known.unknown()
	if s.options.MayCallSTS == nil {
		others = nil
	}
	// The account of the current credentials matters only if there is another choice.
	if known.byShell || len(others) > 0 || s.mayBeMissing() || slices.ContainsFunc(open, func(a *Assignment) bool { return !unassigned(a) }) {
		s.identifyCurrent(ctx, known)
	}
	if len(others) > 0 && slices.ContainsFunc(open, func(a *Assignment) bool { return unassigned(a) && a.Account != known.account }) {
		yes, err := s.options.MayCallSTS(others)
		if err != nil {
			return err
		}
		if yes {
			s.identify(ctx, known, others)
		}
	}
	chosen := map[string]*Assignment{} // by account
	for _, a := range open {
		before := chosen[a.Account]
		if before == nil || before.match.Registry.Partition != a.match.Registry.Partition {
			if err := s.assign(a, known); err != nil {
				return err
			}
			chosen[a.Account] = a
			continue
		}
		a.Profile, a.Reason, a.Others = before.Profile, before.Reason, before.Others
	}
	return nil
}

// mayBeMissing reports whether only a call shows whether there are current credentials.
func (s *Session) mayBeMissing() bool {
	chain, err := s.options.AWS.Resolve()
	return err == nil && chain.Kind == awsconfig.Instance && !chain.Named
}

// assign assigns a profile of the registry's account.
func (s *Session) assign(a *Assignment, known *accounts) (err error) {
	names := known.of(a.match.Registry)
	switch {
	case known.account == a.Account && !known.byShell:
		a.Reason = ByDefault
	case slices.Contains(names, known.inShell):
		a.Profile, a.Reason = known.inShell, ByShell
	case len(names) == 1:
		a.Profile, a.Reason = names[0], OnlyProfile
	case len(names) > 1 && s.options.Choose != nil:
		a.Reason = ByChoice
		if a.Profile, err = s.options.Choose(a.Account, names); err != nil {
			return err
		}
	case len(names) > 1:
		a.Profile, a.Reason = names[0], ByOrder
	case known.missing != nil:
		a.Reason = NotFound
		s.warnOfMissing(a, known)
	default:
		a.Reason = ByDefault
	}
	if a.Profile != "" {
		a.Others = slices.DeleteFunc(names, func(name string) bool { return name == a.Profile })
	}
	if a.Reason == ByOrder {
		s.warn(problem(
			fmt.Sprintf("to use another one: %s configure --profile %s %s", progname.Program, process.Quote(a.Others[0]), a.Registry),
			"account %s has several profiles: %s is used, not %s", a.Account, a.Profile, strings.Join(a.Others, ", ")))
	}
	return nil
}

// warnOfMissing warns that nothing can get the credentials of a registry.
func (s *Session) warnOfMissing(a *Assignment, known *accounts) {
	advice := "run: aws configure sso, then: " + progname.Program + " configure " + a.Registry
	if others := known.unknown(); len(others) > 0 && !known.calledSTS {
		advice = fmt.Sprintf("to look for the account in %s: %s configure --call-sts %s", strings.Join(others, ", "), progname.Program, a.Registry)
	}
	err := fmt.Errorf("no credentials for %s: no profile of account %s was found, and no default credentials", a.Registry, a.Account)
	if !errors.Is(known.missing, ErrNoCredentials) {
		err = fmt.Errorf("%w: %w", err, known.missing)
	}
	s.warn(&Error{Err: err, Advice: advice})
}

// checkRegion warns about a region that is not known.
func (s *Session) checkRegion(a *Assignment) {
	region := a.match.Registry.Region
	if region == "" || slices.Contains(knownRegions, region) || len(s.options.Settings.Partitions) > 0 {
		return
	}
	advice := ""
	if near := nearest.Word(region, knownRegions); near != "" {
		advice = "did you mean " + strings.Replace(a.Registry, "."+region+".", "."+near+".", 1) + "?"
	}
	s.warn(problem(advice, "%s: unknown region %q", a.Registry, region))
}
