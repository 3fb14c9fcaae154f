package configure

import (
	"context"
	"slices"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

const (
	// findTime is how long a search may take in all. Later results are ignored: a person would
	// rather type a name than wait longer.
	findTime = 4 * time.Second

	// findGrace is how long a search that was stopped may take to end the programs it has started.
	findGrace = 500 * time.Millisecond

	// maxScan is larger than any compose file or Dockerfile that a person writes.
	maxScan = 1 << 20
)

// Find returns the registries in use on this machine that are not fully configured. It searches the
// clients' files, the files in dir that build or start containers, the images of the local engines,
// the account of the AWS credentials, and the accounts of the SSO profiles. It assigns their
// profiles. found reports whether it found any registry, configured or not.
func (s *Session) Find(ctx context.Context, dir string) (pending []Found, found bool, err error) {
	all := s.search(ctx, dir)
	var hosts []string
	for _, f := range all {
		hosts = append(hosts, f.Registry)
	}
	if err := s.Assign(ctx, hosts); err != nil {
		return nil, false, err
	}
	s.result.Found = s.pending(all)
	s.result.Registries = nil
	for _, f := range s.result.Found {
		s.result.Registries = append(s.result.Registries, s.assigned[f.Registry])
	}
	return s.result.Found, len(all) > 0, nil
}

// search returns all registries that it finds within findTime.
func (s *Session) search(ctx context.Context, dir string) []Found {
	wait, stop := context.WithTimeout(ctx, findTime+findGrace)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	searches := []func() []mention{
		s.logins,
		s.otherLogins,
		func() []mention { return files(dir) },
		func() []mention { return s.images(ctx, "docker", FromDocker) },
		func() []mention { return s.images(ctx, "podman", FromPodman) },
		func() []mention { return s.account(ctx) },
		s.ssoAccounts,
		s.plainEntries,
	}
	var results []<-chan []mention
	for _, search := range searches {
		result := make(chan []mention, 1)
		go func() { result <- search() }()
		results = append(results, result)
	}
	f := &finder{settings: s.options.Settings, index: map[string]int{}}
	for _, result := range results {
		f.addAll(wait, result)
	}
	return f.all
}

// Proposal returns a result that holds what Find returned and no change.
func (s *Session) Proposal() *Result {
	s.result.Helper = s.commonHelper()
	return s.result
}

// A mention is a name that may begin with the host of a registry.
type mention struct {
	name  string
	where Place
}

// A finder collects registries in the order in which they are found.
type finder struct {
	settings config.Settings
	all      []Found
	index    map[string]int
}

// addAll adds the result of a search, unless ctx ends first.
func (f *finder) addAll(ctx context.Context, result <-chan []mention) {
	select {
	case all := <-result:
		f.add(all)
	case <-ctx.Done():
		select {
		case all := <-result: // it was ready as well
			f.add(all)
		default:
		}
	}
}

// add adds the mentions that name a registry.
func (f *finder) add(all []mention) {
	for _, m := range all {
		match, err := f.settings.Match(serverOf(m.name))
		if err != nil {
			continue
		}
		i, ok := f.index[match.Host]
		if !ok {
			i = len(f.all)
			f.index[match.Host] = i
			f.all = append(f.all, Found{Registry: match.Host})
		}
		if w := &f.all[i].Where; !slices.Contains(*w, m.where) {
			*w = append(*w, m.where)
		}
	}
}

// pending returns the registries for which a file has no entry, or one without the profile of the
// registry, or still a password.
func (s *Session) pending(all []Found) (left []Found) {
	type state struct {
		cleanOnly, unreadable bool
		helpers               map[string]string
		logins                map[string][]dockerconfig.Auth
	}
	var states []state
	for _, t := range s.targets {
		c, err := dockerconfig.Read(t.path, t.client)
		if err != nil {
			states = append(states, state{unreadable: true}) // the edit reports it
			continue
		}
		st := state{cleanOnly: t.cleanOnly, helpers: map[string]string{}, logins: loginsByHost(c)}
		for _, h := range c.Helpers() {
			st.helpers[h.Host] = h.Name
		}
		states = append(states, st)
	}
	for _, f := range all {
		a := s.assigned[f.Registry]
		configured := func(helper string) bool {
			return helper == a.Helper && a.Rule == "" || s.options.Profile != "" && progname.IsHelper(helper)
		}
		if slices.ContainsFunc(states, func(st state) bool {
			return st.unreadable || !st.cleanOnly && !configured(st.helpers[f.Registry]) || len(st.logins[f.Registry]) > 0
		}) {
			left = append(left, f)
		}
	}
	return left
}

// warnOfLogins warns about passwords for the hosts in the files of other programs. They are not
// edited: each program has a command for that.
func (s *Session) warnOfLogins(hosts []string) {
	for _, f := range s.locator.PasswordFiles() {
		auths, _ := f.Auths()
		for _, a := range auths {
			if !slices.Contains(hosts, a.Host()) {
				continue
			}
			advice := f.Logout(a.Host())
			if advice == "" {
				advice = "delete the entry"
			}
			s.warn(problem(advice, "%s has a password for %s in %s:%d", f.Program, a.Host(), f.Path, a.Line))
		}
	}
}
