package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// checker checks a document and converts it to settings.
type checker struct {
	settings  Settings
	positions positions
}

func (c *checker) check(d document) *Error {
	for _, setting := range []struct {
		key   string
		value *string
		apply func(string) error
	}{
		{"timeout", d.Timeout, c.settings.setTimeout},
		{"fallback", d.Fallback, c.settings.setFallback},
		{"public", d.Public, c.settings.setPublic},
		{"sealing", d.Sealing, c.settings.setSealing},
	} {
		if setting.value == nil {
			continue
		}
		if err := setting.apply(*setting.value); err != nil {
			return invalid(c.positions.top, setting.key, err)
		}
	}
	if len(c.positions.partitions) != len(d.Partitions) || len(c.positions.registries) != len(d.Registry) {
		// The decoder and findPositions found different numbers of tables: a rule could be ignored.
		return &Error{Message: "the tables of the file must be written as [[registry]] and as partitions = [{...}]"}
	}
	// Partitions come first: rules can match hosts in them.
	for i, p := range d.Partitions {
		if err := c.addPartition(p); err != nil {
			return invalid(c.positions.partitions[i], "suffix", err)
		}
	}
	for i, r := range d.Registry {
		if err := c.addRule(r, c.positions.registries[i]); err != nil {
			return err
		}
	}
	return nil
}

// invalid returns the error for a key's value. The text of err continues a sentence that begins
// with the key.
func invalid(p position, key string, err error) *Error {
	return &Error{Line: p.of(key), Key: key, Message: key + " " + err.Error()}
}

// The setters below return an error for an invalid value. Its text continues a sentence that begins
// with the name of the key or variable.

func (s *Settings) setTimeout(value string) error {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return errors.New(strconv.Quote(value) + ` is not a duration such as "15s"`)
	case d < minTimeout || d > maxTimeout:
		return errors.New(strconv.Quote(value) + " is not between " + minTimeout.String() + " and " + maxTimeout.String())
	}
	s.Timeout, s.ImageTimeout = d, min(d, MaxImageTimeout)
	return nil
}

func (s *Settings) setFallback(value string) error {
	if value == "" {
		return errEmpty
	}
	for _, c := range value {
		if c != '-' && !isLowerOrDigit(c) {
			return errors.New(strconv.Quote(value) + " is not the name of a helper: a to z, 0 to 9 and hyphens, without " + progname.Prefix)
		}
	}
	if progname.IsHelper(value) {
		return errors.New(strconv.Quote(value) + " is this helper itself")
	}
	s.Fallback = value
	return nil
}

func (s *Settings) setPublic(value string) error {
	return choose(&s.Public, value, PublicAuto, PublicAlways, PublicNever)
}

func (s *Settings) setSealing(value string) error {
	return choose(&s.Sealing, value, SealingAuto, SealingRequired)
}

func choose(setting *string, value string, choices ...string) error {
	for _, c := range choices {
		if value == c {
			*setting = value
			return nil
		}
	}
	return errors.New(strconv.Quote(value) + " is not one of " + strings.Join(choices, ", "))
}

func (c *checker) addPartition(p documentSuffix) error {
	s := p.suffix()
	if err := s.Validate(); err != nil {
		return fmt.Errorf("cannot be used: %w", err)
	}
	if !strings.Contains(s.Suffix, ".") {
		// Anybody can register a name below it, and that name would receive tokens.
		return errors.New(strconv.Quote(s.Suffix) + " is a top-level domain, not the suffix of a partition")
	}
	for _, other := range c.settings.Partitions {
		if other.Suffix == s.Suffix {
			return errors.New(strconv.Quote(s.Suffix) + " occurs twice")
		}
	}
	c.settings.Partitions = append(c.settings.Partitions, s)
	return nil
}

func (c *checker) addRule(d documentRegistry, p position) *Error {
	for _, text := range []struct {
		key   string
		value *string
		check func(string) error
	}{
		{"profile", d.Profile, checkProfile},
		{"role_arn", d.RoleARN, checkRoleARN},
		{"external_id", d.ExternalID, checkExternalID},
		{"session_name", d.SessionName, checkSessionName},
		{"region", d.Region, checkRegion},
		{"host", d.Host, c.checkHost},
		{"endpoint", d.Endpoint, checkEndpoint},
	} {
		if text.value == nil {
			continue
		}
		if *text.value == "" {
			return invalid(p, text.key, errEmpty)
		}
		var err error
		if text.key != "host" {
			_, err = fill(*text.value, example)
		}
		if err == nil {
			err = text.check(*text.value)
		}
		if err != nil {
			return invalid(p, text.key, err)
		}
	}
	if d.RoleARN == nil {
		switch {
		case d.ExternalID != nil:
			return invalid(p, "external_id", errNoRole)
		case d.SessionName != nil:
			return invalid(p, "session_name", errNoRole)
		}
	}
	r := d.rule(p.line)
	if err := c.checkMatch(&r); err != nil {
		return invalid(p, "match", err)
	}
	c.settings.Rules = append(c.settings.Rules, r)
	return nil
}

var (
	errEmpty  = errors.New("is empty")
	errNoRole = errors.New("needs a role_arn, which the rule does not have")
)

func (c *checker) checkHost(host string) error {
	if _, err := c.settings.Parser().Parse(host); err != nil {
		return fmt.Errorf("must be the ECR host of the alias: %w", err)
	}
	return nil
}

// checkMatch checks the pattern of a rule, and normalizes that of an alias.
func (c *checker) checkMatch(r *Rule) (err error) {
	if r.Match == "" {
		return errors.New("is missing")
	}
	written := r.Match
	if r.Host == "" {
		err = checkPattern(r.Match, c.settings.Parser())
	} else {
		err = checkAlias(r, c.settings.Parser())
	}
	if err == nil {
		err = c.checkReached(r)
	}
	if err != nil {
		return fmt.Errorf("%q %w", written, err)
	}
	return nil
}

// checkReached returns an error for a rule with the same pattern as an earlier one, and for any
// rule after one that matches everything. Rules with and without host match different hosts.
func (c *checker) checkReached(r *Rule) error {
	for i := range c.settings.Rules {
		earlier := &c.settings.Rules[i]
		if (earlier.Match == r.Match || earlier.Match == "*") && (earlier.Host == "") == (r.Host == "") {
			return errors.New("is never reached: the rule on line " + strconv.Itoa(earlier.Line) + " matches first")
		}
	}
	return nil
}
