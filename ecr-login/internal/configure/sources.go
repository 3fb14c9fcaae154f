package configure

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

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

// account returns the registry of the AWS credentials' account.
func (s *Session) account(ctx context.Context) []mention {
	caller, err := s.currentCaller(ctx)
	if err != nil || caller.Registry == "" {
		return nil
	}
	return []mention{{caller.Registry, Place{Source: FromCredentials}}}
}

// ssoAccounts returns the registry of each account that a profile of SSO names, in the region of
// the profile, or in that of the environment if the profile has none.
func (s *Session) ssoAccounts() (all []mention) {
	parser := s.options.Settings.Parser()
	for _, p := range s.profiles() {
		region := cmp.Or(p.Region, environ.Get(s.options.Environ, "AWS_REGION"), environ.Get(s.options.Environ, "AWS_DEFAULT_REGION"))
		if p.Kind != awsconfig.SSO || p.Account == "" || region == "" || s.options.Profile != "" && p.Name != s.options.Profile {
			continue
		}
		r, err := parser.InRegion(region)
		if err != nil {
			continue
		}
		r.Account = p.Account
		all = append(all, mention{parser.Host(r), Place{Source: FromProfile, File: p.Name}})
	}
	return all
}

// plainEntries returns the registries for which the clients' files name the helper without a
// profile: their accounts may need one. A profile that the caller gave is not theirs.
func (s *Session) plainEntries() (all []mention) {
	if s.options.Profile != "" {
		return nil
	}
	for _, t := range s.targets {
		c, err := dockerconfig.Read(t.path, t.client)
		if err != nil {
			continue // the edit reports it
		}
		for _, h := range c.Helpers() {
			if h.Name == progname.Helper {
				all = append(all, mention{h.Host, Place{FromEntry, t.path, h.Line}})
			}
		}
	}
	return all
}
