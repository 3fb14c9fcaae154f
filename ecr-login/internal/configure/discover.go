package configure

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
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
// logins in the clients' files, the files in dir that build or start containers, the images of the
// local engines, and the account of the AWS credentials. found reports whether it found any
// registry, configured or not.
func (s *Session) Find(ctx context.Context, dir string) (pending []Found, found bool) {
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
		func() []mention { return s.caller(ctx) },
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
	s.result.Found = s.pending(f.all)
	return s.result.Found, len(f.all) > 0
}

// Proposal returns a result that holds what Find returned and no change.
func (s *Session) Proposal() *Result {
	s.result.Helper = s.helper
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

// pending returns the registries for which a file has no entry, or still has a password.
func (s *Session) pending(all []Found) (left []Found) {
	type state struct {
		cleanOnly, unreadable bool
		helpers               map[string]bool
		logins                map[string][]dockerconfig.Auth
	}
	var states []state
	for _, t := range s.targets {
		c, err := dockerconfig.Read(t.path, t.client)
		if err != nil {
			states = append(states, state{unreadable: true}) // the edit reports it
			continue
		}
		st := state{cleanOnly: t.cleanOnly, helpers: map[string]bool{}, logins: loginsByHost(c)}
		for _, h := range c.Helpers() {
			st.helpers[h.Host] = progname.IsHelper(h.Name)
		}
		states = append(states, st)
	}
	for _, f := range all {
		if slices.ContainsFunc(states, func(st state) bool {
			return st.unreadable || !st.helpers[f.Registry] && !st.cleanOnly || len(st.logins[f.Registry]) > 0
		}) {
			left = append(left, f)
		}
	}
	return left
}

// logins returns the keys of the passwords in the clients' files.
func (s *Session) logins() (all []mention) {
	for _, t := range s.targets {
		c, err := dockerconfig.Read(t.path, t.client)
		if err != nil {
			continue // the edit reports it
		}
		for _, a := range c.Auths() {
			if a.Secret() {
				all = append(all, mention{a.Host(), Place{FromPassword, t.path, a.Line}})
			}
		}
	}
	return all
}

// otherLogins returns the hosts of the passwords that other programs store.
func (s *Session) otherLogins() (all []mention) {
	for _, f := range s.locator.PasswordFiles() {
		auths, err := f.Auths()
		if err != nil {
			continue // it is not edited
		}
		for _, a := range auths {
			all = append(all, mention{a.Host(), Place{FromPassword, f.Path, a.Line}})
		}
	}
	return all
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

// files returns the words with a dot in the files of a directory that build or start containers.
func files(dir string) (all []mention) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		if !buildsOrStarts(entry.Name()) {
			continue
		}
		text, err := regularfile.Read(filepath.Join(dir, entry.Name()), maxScan)
		if err != nil {
			continue
		}
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			if isComment(line) {
				continue
			}
			for _, word := range strings.FieldsFunc(line, isSeparator) {
				if strings.Contains(word, ".") {
					all = append(all, mention{word, Place{FromFile, entry.Name(), n}})
				}
			}
		}
	}
	return all
}

// buildsOrStarts reports whether docker, podman or compose look for a file of that name.
func buildsOrStarts(name string) bool {
	lower := strings.ToLower(name)
	for _, pattern := range []string{
		"dockerfile", "containerfile", "dockerfile.*", "containerfile.*", "*.dockerfile", "*.containerfile",
		"compose*.yml", "compose*.yaml", "docker-compose*.yml", "docker-compose*.yaml", "docker-bake*.hcl", "docker-bake*.json", ".env",
	} {
		if ok, _ := filepath.Match(pattern, lower); ok {
			return true
		}
	}
	return false
}

// isComment reports whether a line is a comment. The syntax directive of a Dockerfile
// does not count: it names an image.
func isComment(line string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
	return ok && !strings.HasPrefix(strings.ToLower(strings.ReplaceAll(rest, " ", "")), "syntax=")
}

// isSeparator reports whether the character cannot be part of a host's name.
func isSeparator(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '-', r == '_':
		return false
	}
	return true
}

// images returns the repositories of an engine's images. It returns nothing if the engine is not
// installed or does not respond in time.
func (s *Session) images(ctx context.Context, engine string, source Source) (all []mention) {
	path, err := s.lookPath(engine)
	if err != nil {
		return nil
	}
	cmd := exec.CommandContext(ctx, path, "image", "ls", "--format", "{{.Repository}}")
	cmd.WaitDelay = 100 * time.Millisecond // a process that it has started may keep its output open
	cmd.Stderr = io.Discard
	out, err := cmd.Output()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	for _, name := range strings.Fields(string(out)) {
		all = append(all, mention{name, Place{Source: source}})
	}
	return all
}

// caller returns the registry of the AWS credentials' account.
func (s *Session) caller(ctx context.Context) []mention {
	if s.options.Caller == nil {
		return nil
	}
	if host := s.options.Caller(ctx); host != "" {
		return []mention{{host, Place{Source: FromCredentials}}}
	}
	return nil
}
