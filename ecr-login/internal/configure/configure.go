// Package configure edits the files of container clients so that they use this credential helper,
// and undoes its edits.
//
// It edits the credHelpers of Docker's config.json and of the auth.json of podman, skopeo and
// buildah, removes the passwords that an earlier docker login stored there for the same registries,
// and creates the link that gives a profile a helper of its own. Where no link can be created, it adds
// a rule with the profile to the settings file of this program. A journal without secrets records
// what cannot be seen in the files, so that unconfigure restores every byte. It does not restore
// passwords.
//
// It does not print or prompt. It returns what it did, and errors with a hint.
package configure

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// Options configure a Session.
type Options struct {
	// Settings are the helper's own: they name the aliases of registries.
	Settings config.Settings

	// Profile is the AWS profile that the helper of the session uses. Empty: the helper without a
	// profile; for Unconfigure, every helper of this program.
	Profile string

	// Podman includes the files of podman, skopeo and buildah.
	Podman bool

	// All makes Unconfigure remove every entry that names this program, also those that Configure
	// did not write.
	All bool

	// DryRun changes nothing and returns what would change.
	DryRun bool

	// Environ is the environment. Nil: that of the process.
	Environ environ.Lookup

	// Args are the arguments of the running program, which a hint repeats for another user. Nil:
	// the hint has the name of the command only.
	Args []string

	// Executable is the path of the running program.
	Executable string

	// AWS are the AWS files, in which profiles are looked up by account. Nil: none is.
	AWS *awsconfig.Config

	// Caller returns the identity of a profile's credentials; of the current ones for an empty
	// profile. Its error wraps ErrNoCredentials if there are none. Nil: STS is not called.
	Caller func(ctx context.Context, profile string) (Caller, error)

	// MayCallSTS reports whether STS may be called once for each of the profiles, whose accounts
	// the AWS files do not name. Nil: it may not.
	MayCallSTS func(profiles []string) (bool, error)

	// Choose returns one of the profiles of an account. Nil: the first one is used, with a warning.
	Choose func(account string, profiles []string) (string, error)
}

// A Session is one run over the files of the clients. It is used once.
type Session struct {
	options Options
	locator dockerconfig.Locator
	helper  string // what credHelpers calls the helper of the profile
	targets []clientFile
	noted   bool // a warning says that the journal cannot be written
	undoes  bool // it undoes edits: the journal is correct until that is done
	journal *dockerconfig.Journal
	helpers map[string][]dockerconfig.Helper // of each edited file, by its real path
	result  *Result

	awsOnce     sync.Once
	awsNames    []string
	awsProfiles []awsconfig.Listed
	caller      callerResult
	assigned    map[string]*Assignment // by registry
}

// New finds the files of the clients. It reads none of them.
func New(options Options) (*Session, error) {
	s := &Session{
		options: options,
		locator: dockerconfig.Locator{Environ: options.Environ},
		helper:  progname.HelperFor(options.Profile),
		helpers: map[string][]dockerconfig.Helper{},
		result:  &Result{DryRun: options.DryRun, Files: []File{}},
	}
	docker, err := s.locator.Docker()
	switch {
	case err == nil:
		s.targets = []clientFile{{path: docker, client: dockerconfig.Docker}}
	case options.All: // what does not depend on HOME can still be removed
		s.warn(err)
	default:
		return nil, err
	}
	if options.Podman {
		containers, err := s.containers()
		switch {
		case err == nil:
			s.targets = append(s.targets, containers...)
		case options.All:
			s.warn(err)
		default:
			return nil, err
		}
	}
	return s, nil
}

// Paths returns the files to which entries are added.
func (s *Session) Paths() []string {
	var all []string
	for _, t := range s.targets {
		if !t.cleanOnly {
			all = append(all, t.path)
		}
	}
	return all
}

// openJournal opens the journal, for this process alone until close is called. Without a home
// directory the journal is empty and cannot be written.
func (s *Session) openJournal() (close func(), err error) {
	path, err := s.locator.Journal()
	if err != nil {
		path = ""
	}
	s.journal, close, err = dockerconfig.OpenJournal(path, !s.options.DryRun)
	return close, s.withCommand(err)
}

// Configure adds entries for the hosts to each file of the session, so that clients start the
// helper for them, with the profiles that Assign chose. If a file cannot be edited, the others still
// are: see Result.Failed. The error is about a link or a rule that names a profile, without which no
// file is edited.
func (s *Session) Configure(ctx context.Context, hosts []string) (*Result, error) {
	if s.assigned == nil {
		if err := s.Assign(ctx, hosts); err != nil {
			return nil, err
		}
	}
	s.result.Helper = s.commonHelper()
	close, err := s.openJournal()
	if err != nil {
		return nil, err
	}
	defer close()
	if err := s.addLinks(); err != nil {
		return nil, err
	}
	if err := s.addRules(); err != nil {
		return nil, errors.Join(err, s.dropLinks())
	}
	for _, t := range s.targets {
		s.update(t, func(c *dockerconfig.Config, r *dockerconfig.Record) []Entry {
			return s.set(t, c, r, hosts)
		})
	}
	if len(s.result.Failed) > 0 {
		s.dropNames()
	} else {
		s.checkPath()
		s.warnOfLogins(hosts)
	}
	return s.result, nil
}

// commonHelper returns the name in credHelpers if all registries have the same; else an empty string.
func (s *Session) commonHelper() string {
	helper := ""
	for _, a := range s.result.Registries {
		if helper != "" && a.Helper != helper {
			return ""
		}
		helper = a.Helper
	}
	return helper
}

// Unconfigure undoes the edits of Configure, for all hosts or for the given ones. The entry of a
// given host is removed even if a user wrote it.
func (s *Session) Unconfigure(hosts []string) (*Result, error) {
	s.undoes = true
	if s.options.Profile != "" {
		s.result.Helper = s.helper
	}
	close, err := s.openJournal()
	if err != nil {
		return nil, err
	}
	defer close()
	if !s.options.Podman {
		s.addRecorded()
	}
	for i, t := range s.targets {
		recorded := s.journal.Record(t.path) != nil
		s.update(t, func(c *dockerconfig.Config, r *dockerconfig.Record) []Entry {
			return s.unset(c, r, unique(hosts), recorded, i == 0)
		})
	}
	if len(s.result.Failed) > 0 {
		return s.result, nil
	}
	s.removeRules(func(rule dockerconfig.Rule) bool {
		same := func(host string) bool { return hostOf(host) == rule.Registry }
		switch {
		case s.options.Profile != "" && rule.Profile != s.options.Profile:
			return false
		case len(hosts) > 0: // the entry of another port may need the rule
			return slices.ContainsFunc(hosts, same) && !s.isUsedFor(rule.Registry)
		}
		return true
	})
	if err := s.unlink(s.journal.Links()); err != nil {
		return nil, err
	}
	if s.options.All {
		s.checkOthers()
	}
	return s.result, nil
}

// addRecorded adds podman's files that Configure has edited.
func (s *Session) addRecorded() {
	containers, err := s.containers()
	if err != nil {
		return
	}
	for _, t := range containers {
		if s.journal.Record(t.path) != nil {
			s.targets = append(s.targets, t)
		}
	}
}

// containers returns the files that podman reads, without Docker's.
func (s *Session) containers() ([]clientFile, error) {
	files, err := s.locator.Containers()
	if err != nil {
		return nil, err
	}
	lasting, err := s.locator.ContainersLasting()
	if err != nil {
		return nil, err
	}
	var all []clientFile
	for _, file := range files {
		// Podman of this user cannot read it, either, such as below root's /run/containers.
		if _, err := os.Lstat(file); file != lasting && errors.Is(err, fs.ErrPermission) {
			continue
		}
		// Two paths may lead to one file through a link.
		real := dockerconfig.Real(file)
		if !slices.ContainsFunc(slices.Concat(s.targets, all), func(t clientFile) bool { return dockerconfig.Real(t.path) == real }) {
			all = append(all, clientFile{path: file, client: dockerconfig.Containers, cleanOnly: file != lasting})
		}
	}
	return all, nil
}

// Configured returns the hosts that the clients use this helper for, as they are written.
func (s *Session) Configured() []string {
	var all []string
	for _, t := range s.targets {
		c, err := dockerconfig.Read(t.path, t.client)
		if err != nil {
			continue
		}
		for _, h := range c.Helpers() {
			if progname.IsHelper(h.Name) {
				all = append(all, h.Host)
			}
		}
	}
	return unique(all)
}

// lookPath returns the absolute path of a program on PATH. Relative entries of PATH are skipped:
// what they name depends on the current directory, which may be another user's.
func (s *Session) lookPath(name string) (string, error) {
	for _, dir := range filepath.SplitList(environ.Get(s.options.Environ, "PATH")) {
		path := filepath.Join(dir, name+executableSuffix)
		if !filepath.IsAbs(dir) {
			continue
		}
		if info, err := os.Stat(path); err == nil && isExecutable(info) {
			return path, nil
		}
	}
	return "", errNotOnPath
}

var errNotOnPath = errors.New("not found on PATH")
