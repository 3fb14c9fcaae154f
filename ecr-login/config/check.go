package config

import (
	"strconv"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// checker turns a document into settings.
type checker struct {
	settings Settings
	places   places
}

func (c *checker) check(d document) *Error {
	for _, setting := range []struct {
		key   string
		value *string
		apply func(string) string
	}{
		{"timeout", d.Timeout, c.settings.setTimeout},
		{"fallback", d.Fallback, c.settings.setFallback},
		{"public", d.Public, c.settings.setPublic},
		{"sealing", d.Sealing, c.settings.setSealing},
	} {
		if setting.value == nil {
			continue
		}
		if problem := setting.apply(*setting.value); problem != "" {
			return wrong(c.places.top, setting.key, problem)
		}
	}
	if len(c.places.partitions) != len(d.Partitions) || len(c.places.registries) != len(d.Registry) {
		// Nothing that was written down may be lost on the way.
		return &Error{Message: "the file's tables are not written as docs/configuration.md has them"}
	}
	// Partitions first: rules may match hosts in them.
	for i, p := range d.Partitions {
		if problem := c.addPartition(p); problem != "" {
			return wrong(c.places.partitions[i], "suffix", problem)
		}
	}
	for i, r := range d.Registry {
		if problem := c.addRule(r, c.places.registries[i]); problem != nil {
			return problem
		}
	}
	return nil
}

// wrong is the error for a key's value. The problem goes on after the key.
func wrong(p place, key, problem string) *Error {
	return &Error{Line: p.of(key), Key: key, Message: key + " " + problem}
}

// The setters below say what is wrong with a value, and nothing when it is set.

func (s *Settings) setTimeout(value string) (problem string) {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return strconv.Quote(value) + ` is not a duration such as "15s"`
	case d < minTimeout || d > maxTimeout:
		return strconv.Quote(value) + " is not between " + minTimeout.String() + " and " + maxTimeout.String()
	}
	s.Timeout = d
	return ""
}

func (s *Settings) setFallback(value string) (problem string) {
	if value == "" {
		return "is empty"
	}
	for _, c := range value {
		if c != '-' && !isLowerOrDigit(c) {
			return strconv.Quote(value) + " is not a helper's name: a to z, 0 to 9 and hyphens, without docker-credential-"
		}
	}
	if progname.IsHelper(value) {
		return strconv.Quote(value) + " is this helper itself"
	}
	s.Fallback = value
	return ""
}

func (s *Settings) setPublic(value string) (problem string) {
	return choose(&s.Public, value, PublicAuto, PublicAlways, PublicNever)
}

func (s *Settings) setSealing(value string) (problem string) {
	return choose(&s.Sealing, value, SealingAuto, SealingRequired)
}

func choose(setting *string, value string, choices ...string) (problem string) {
	for _, c := range choices {
		if value == c {
			*setting = value
			return ""
		}
	}
	return strconv.Quote(value) + " is none of " + strings.Join(choices, ", ")
}

func (c *checker) addPartition(p documentSuffix) (problem string) {
	s := p.suffix()
	if err := s.Validate(); err != nil {
		return "cannot be used: " + err.Error()
	}
	if !strings.Contains(s.Suffix, ".") {
		// Whoever registers a name under it would be handed tokens.
		return strconv.Quote(s.Suffix) + " is a top-level domain, not a partition's own"
	}
	for _, other := range c.settings.Partitions {
		if other.Suffix == s.Suffix {
			return strconv.Quote(s.Suffix) + " is there twice"
		}
	}
	c.settings.Partitions = append(c.settings.Partitions, s)
	return ""
}

func (c *checker) addRule(d documentRegistry, p place) *Error {
	for _, text := range []struct {
		key   string
		value *string
		check func(string) string
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
			return wrong(p, text.key, "is empty")
		}
		problem := ""
		if text.key != "host" {
			problem = checkPlaceholders(*text.value)
		}
		if problem == "" {
			problem = text.check(*text.value)
		}
		if problem != "" {
			return wrong(p, text.key, problem)
		}
	}
	if d.RoleARN == nil {
		switch {
		case d.ExternalID != nil:
			return wrong(p, "external_id", "is for a role, and there is no role_arn")
		case d.SessionName != nil:
			return wrong(p, "session_name", "is for a role, and there is no role_arn")
		}
	}
	r := d.rule(p.line)
	if problem := c.checkMatch(&r); problem != "" {
		return wrong(p, "match", problem)
	}
	c.settings.Rules = append(c.settings.Rules, r)
	return nil
}

func (c *checker) checkHost(host string) (problem string) {
	if _, err := c.settings.Parser().Parse(host); err != nil {
		return "is where an alias leads and cannot be used: " + err.Error()
	}
	return ""
}

// checkMatch says why a rule can never match, or why it must not.
func (c *checker) checkMatch(r *Rule) (problem string) {
	if r.Match == "" {
		return "is missing"
	}
	written := r.Match
	if r.Host == "" {
		problem = checkPattern(r.Match, c.settings.Parser())
	} else {
		problem = checkAlias(r, c.settings.Parser())
	}
	if problem == "" {
		problem = c.checkReachable(r)
	}
	if problem == "" {
		return ""
	}
	return strconv.Quote(written) + " " + problem
}

// checkReachable says which rule before this one leaves it nothing. What a
// pattern matches as text, stars and all, it matches for every text that can
// stand for the stars. A rule that makes aliases is never looked at for a host
// of ECR, nor another for any other host.
func (c *checker) checkReachable(r *Rule) (problem string) {
	for i := range c.settings.Rules {
		earlier := &c.settings.Rules[i]
		covered := matchGlob(earlier.Match, r.Match) || isAccount(earlier.Match) && strings.HasPrefix(r.Match, earlier.Match)
		if covered && (earlier.Host == "") == (r.Host == "") {
			return "can never match: the rule on line " + strconv.Itoa(earlier.Line) + " has all that it could match"
		}
	}
	return ""
}

// checkAlias says what is wrong with the names of an alias. What the stars stand
// for is not written down by the user, so it must be within a domain that is.
func checkAlias(r *Rule, parser registry.Parser) (problem string) {
	// The stars can stand for one letter, among others.
	name := strings.ReplaceAll(r.Match, "*", "x")
	if host, err := registry.Host(name); err != nil || host != strings.TrimSuffix(name, ":443") {
		return "is not a host name"
	}
	r.Match = strings.TrimSuffix(r.Match, ":443")
	star := strings.LastIndexByte(r.Match, '*')
	if star < 0 {
		if _, err := parser.Parse(r.Match); err == nil {
			return "is an ECR host already, and host makes aliases of other names"
		}
		return ""
	}
	domain, dotted := strings.CutPrefix(r.Match[star+1:], ".")
	switch {
	case !dotted || !strings.Contains(domain, "."):
		return "is too wide for an alias: end it with a domain, as in *.example.com"
	case coversECR(r.Match, parser):
		return "has ECR hosts in it, and host makes aliases of other names"
	}
	return ""
}
