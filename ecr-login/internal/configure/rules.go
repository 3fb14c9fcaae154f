package configure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// Where no link can be created, a rule in the settings of this program names the profile. Rules are
// added at the end of the file, so that its comments and its order stay. One that matches the registry
// already comes first, and would make the new one useless: that is an error.

// settingsPath returns the settings file for new rules; empty: none would be read. A file of the
// user replaces the file for all users, so it is used only if the latter sets nothing.
func (s *Session) settingsPath() string {
	path := s.options.Settings.Path
	if path == "" || s.isShared(path) && setsNothing(path) {
		return config.NewFile(s.options.Environ)
	}
	return path
}

// isShared reports whether the settings file is the one for all users.
func (s *Session) isShared(path string) bool { return path != config.NewFile(s.options.Environ) }

// setsNothing reports whether a settings file has no setting, as one with only comments.
func setsNothing(path string) bool {
	c, err := dockerconfig.Read(path, dockerconfig.Plain)
	if err != nil {
		return false
	}
	settings, err := config.Decode("", c.Text())
	return err == nil && reflect.DeepEqual(settings, config.Default())
}

// checkRule returns why no rule can name the profile of the registry.
func (s *Session) checkRule(a *Assignment) error {
	path := s.settingsPath()
	switch {
	case path == "":
		return errors.New("no settings file is read")
	case s.isShared(path):
		return s.sharedError(path)
	case strings.ContainsAny(a.Profile, "[]{}") || !utf8.ValidString(a.Profile) || strings.IndexFunc(a.Profile, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0:
		return fmt.Errorf("a rule cannot name profile %q", a.Profile)
	case a.match.Rule != nil:
		return problem(
			fmt.Sprintf("write profile = %q into that rule", a.Profile),
			"the rule in %s:%d matches %s first", path, a.match.Rule.Line, a.Registry)
	}
	c, err := dockerconfig.Read(path, dockerconfig.Plain)
	if err != nil {
		return err
	}
	if err := c.Writable(); err != nil {
		return err
	}
	rule := dockerconfig.Rule{Registry: hostOf(a.Registry), Profile: a.Profile, Newlines: 2}
	c.Append(ruleText(rule), nil)
	return checkSettings(path, c.Text(), rule)
}

// sharedError is the error for a settings file for all users, which gets no rule of one user.
func (s *Session) sharedError(path string) error {
	advice := "ask the administrator to add the rule"
	if own := config.NewFile(s.options.Environ); own != "" && runtime.GOOS != "windows" {
		advice = fmt.Sprintf("to have settings of your own: mkdir -p %s && cp %s %s", process.Quote(filepath.Dir(own)), process.Quote(path), process.Quote(own))
	}
	return problem(advice, "the settings in %s are for all users", path)
}

// checkSettings returns why a settings file would be invalid with a rule at its end, such as after
// registry = [...], which a table cannot extend.
func checkSettings(path string, text []byte, rule dockerconfig.Rule) error {
	if _, err := config.Decode(path, text); err != nil {
		_, keys, _ := strings.Cut(strings.TrimSpace(ruleText(rule)), "\n")
		return problem(
			"add the rule by hand: {"+strings.ReplaceAll(keys, "\n", ", ")+"}",
			"a rule at its end would make the settings file invalid: %w", err)
	}
	return nil
}

// ruleText returns the text of a rule.
func ruleText(r dockerconfig.Rule) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	return fmt.Sprintf("%s[[registry]]\nmatch = \"%s\"\nprofile = \"%s\"\n", strings.Repeat("\n", min(max(r.Newlines, 0), 2)), escape.Replace(r.Registry), escape.Replace(r.Profile))
}

// addRules adds the rules that the assignments need.
func (s *Session) addRules() error {
	var need []*Assignment
	for _, a := range s.result.Registries {
		if a.Rule != "" {
			need = append(need, a)
		}
	}
	if len(need) == 0 {
		return nil
	}
	return s.editRules(need[0].Rule, func(c *dockerconfig.Config, r *dockerconfig.Rules) (done []Entry) {
		added := map[string]bool{}
		for _, a := range need {
			rule := dockerconfig.Rule{Registry: hostOf(a.Registry), Profile: a.Profile}
			if text := c.Text(); len(text) > 0 {
				rule.Newlines = 1
				if text[len(text)-1] != '\n' {
					rule.Newlines = 2
				}
			}
			if !added[rule.Registry] {
				added[rule.Registry] = true
				c.Append(ruleText(rule), &r.Record)
				r.Added = append(r.Added, rule)
				done = append(done, Entry{rule.Registry, Added, "profile " + rule.Profile})
			}
		}
		return done
	})
}

// hostOf returns the registry without its port, which rules do not have.
func hostOf(registry string) string {
	host, _, _ := strings.Cut(registry, ":")
	return host
}

// removeRules removes the recorded rules for which remove returns true.
func (s *Session) removeRules(remove func(dockerconfig.Rule) bool) {
	for _, path := range s.journal.RuleFiles() {
		err := s.editRules(path, func(c *dockerconfig.Config, r *dockerconfig.Rules) (done []Entry) {
			r.Added = slices.DeleteFunc(r.Added, func(rule dockerconfig.Rule) bool {
				switch {
				case !remove(rule):
					return false
				case c.Cut(ruleText(rule), endsTable), c.Cut(ruleText(dockerconfig.Rule{Registry: rule.Registry, Profile: rule.Profile}), endsTable):
					done = append(done, Entry{rule.Registry, Removed, "profile " + rule.Profile})
				case bytes.Contains(c.Text(), []byte(rule.Registry)):
					done = append(done, Entry{rule.Registry, Skipped, "the rule was edited"})
				}
				return true
			})
			c.RemoveEmpty(&r.Record)
			return done
		})
		if err != nil {
			s.fail(err)
		}
	}
}

// dropRules removes the rules that this session added, except those for hosts whose entries were
// written to one of several files.
func (s *Session) dropRules() {
	path, dropped := "", map[string]bool{}
	for _, a := range s.result.Registries {
		if host := hostOf(a.Registry); a.Rule != "" && !s.isUsedFor(host) {
			path, dropped[host] = a.Rule, true
		}
	}
	if s.options.DryRun || len(dropped) == 0 {
		return
	}
	files := s.result.Files
	s.undoes = true
	s.removeRules(func(r dockerconfig.Rule) bool { return dropped[r.Registry] })
	s.undoes = false
	s.result.Files = slices.DeleteFunc(files, func(f File) bool {
		return f.Path == path && !slices.ContainsFunc(f.Entries, func(e Entry) bool { return !dropped[e.Registry] })
	})
	for i, f := range s.result.Files {
		if f.Path == path {
			s.result.Files[i].Entries = slices.DeleteFunc(f.Entries, func(e Entry) bool { return dropped[e.Registry] })
		}
	}
}

// isUsedFor reports whether an edited file has an entry for the host, with any port, that names this
// program. In a dry run, whether it would have one.
func (s *Session) isUsedFor(host string) bool {
	for _, helpers := range s.helpers {
		if slices.ContainsFunc(helpers, func(h dockerconfig.Helper) bool { return hostOf(h.Host) == host && progname.IsHelper(h.Name) }) {
			return true
		}
	}
	return false
}

// ruledProfiles returns the profiles that recorded rules name, by host.
func (s *Session) ruledProfiles() map[string]string {
	all := map[string]string{}
	for _, path := range s.journal.RuleFiles() {
		for _, r := range s.journal.Rules(path).Added {
			all[r.Registry] = r.Profile
		}
	}
	return all
}

// endsTable reports whether no further key of a table follows in TOML.
func endsTable(rest []byte) bool {
	for line := range bytes.Lines(rest) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return line[0] == '['
		}
	}
	return true
}

// editRules edits a settings file and its record, or computes the edit in a dry run.
func (s *Session) editRules(path string, edit func(*dockerconfig.Config, *dockerconfig.Rules) []Entry) error {
	var file File
	var record *dockerconfig.Rules
	change := func(c *dockerconfig.Config) error {
		file = File{Path: path}
		before := c.Text()
		record = s.journal.Rules(path)
		file.Entries = edit(c, record)
		if file.Changed = c.Changed(); !file.Changed {
			return nil
		}
		file.Created, file.Removed = !c.Exists, c.Gone()
		if err := c.Writable(); err != nil {
			return err
		}
		if added := record.Added; !s.undoes && len(added) > 0 { // another program may have written the file after checkRule
			if err := checkSettings(path, c.Text(), added[len(added)-1]); err != nil {
				return err
			}
		}
		switch {
		case s.options.DryRun:
			file.Diff = unifiedDiff(clientFile{path: path, client: dockerconfig.Plain}, c, before)
		case !s.undoes:
			s.note(s.journal.PutRules(path, record))
		}
		return nil
	}
	earlier := s.journal.Rules(path)
	var err error
	if s.options.DryRun {
		var c *dockerconfig.Config
		if c, err = dockerconfig.Read(path, dockerconfig.Plain); err == nil {
			err = change(c)
		}
	} else {
		_, err = dockerconfig.Update(context.Background(), path, dockerconfig.Plain, change)
	}
	switch {
	case s.options.DryRun:
	case err != nil:
		s.note(s.journal.PutRules(path, earlier))
	case s.undoes:
		s.note(s.journal.PutRules(path, record))
	}
	if err == nil && len(file.Entries) > 0 {
		s.result.Files = append(s.result.Files, file)
	}
	return err
}
