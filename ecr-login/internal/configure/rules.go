package configure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
)

// Where no link can be created, a rule in the settings of this program names the profile. Rules are
// added at the end of the file, so that its comments and its order stay. One that matches the registry
// already comes first, and would make the new one useless: that is an error.

// settingsPath returns the settings file for new rules; empty: none would be read.
func (s *Session) settingsPath() string {
	if s.options.Settings.Path != "" {
		return s.options.Settings.Path
	}
	return config.NewFile(s.options.Environ)
}

// checkRule returns why no rule can name the profile of the registry.
func (s *Session) checkRule(a *Assignment) error {
	path := s.settingsPath()
	switch {
	case path == "":
		return errors.New("no settings file is read")
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
	return c.Writable()
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

// dropRules removes the rules that this session added.
func (s *Session) dropRules() {
	added := map[string]bool{}
	for _, a := range s.result.Registries {
		added[hostOf(a.Registry)] = added[hostOf(a.Registry)] || a.Rule != ""
	}
	if s.options.DryRun || !slices.Contains(slices.Collect(maps.Values(added)), true) {
		return
	}
	s.result.Files = slices.DeleteFunc(s.result.Files, func(f File) bool { return f.Path == s.settingsPath() })
	s.undoes = true
	s.removeRules(func(r dockerconfig.Rule) bool { return added[r.Registry] })
	s.undoes = false
	s.result.Files = slices.DeleteFunc(s.result.Files, func(f File) bool { return f.Path == s.settingsPath() })
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
