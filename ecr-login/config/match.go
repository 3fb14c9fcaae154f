package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Match is what the settings say about one server URL.
type Match struct {
	// Host is the host that was asked for, as registry.Host writes it.
	Host string

	// Registry is the one behind it, with the rule's fips and dual_stack.
	Registry registry.Registry

	// Rule is the first rule that matches, nil when none does.
	Rule *Rule

	// What the rule decides, with its placeholders filled. Empty: nothing.
	Profile     string // AWS profile
	RoleARN     string // role to assume with the profile's credentials
	ExternalID  string // for that role
	SessionName string // for that role
	STSRegion   string // region of STS
	Endpoint    string // of the ECR API

	// Canonical is everything in the rule that decides who asks for the token and
	// whom: two matches of which that is not the same never share one. It is empty
	// when the rule decides no such thing, as that of a mere alias.
	Canonical string
}

// Match finds the registry that a server URL names, by itself or as an alias,
// and the rule for it. The error wraps [registry.ErrNotECR] when it names none,
// and is an *[Error] when the rule has a placeholder that cannot be filled.
func (s Settings) Match(serverURL string) (Match, error) {
	host, err := registry.Host(serverURL)
	if err != nil {
		return Match{}, fmt.Errorf("%w: %w", registry.ErrNotECR, err)
	}
	r, foreign := s.Parser().Parse(serverURL)
	m := Match{Host: host, Registry: r, Rule: s.rule(host, r, foreign == nil)}
	if m.Rule == nil {
		if foreign != nil {
			return Match{}, foreign
		}
		return m, nil
	}
	if foreign != nil {
		if m.Registry, err = s.Parser().Parse(m.Rule.Host); err != nil {
			return Match{}, err
		}
	}
	if problem := m.apply(); problem != nil {
		problem.Path, problem.Line = s.Path, m.Rule.Line
		return Match{}, problem
	}
	return m, nil
}

// rule is the first rule that matches. Only aliases match a host that is not
// ECR's, and they match no other.
func (s Settings) rule(host string, r registry.Registry, isECR bool) *Rule {
	bare := host
	if isECR {
		// An ECR host is the same one behind every port.
		bare, _, _ = strings.Cut(host, ":")
	}
	for i := range s.Rules {
		rule := &s.Rules[i]
		switch {
		case isECR != (rule.Host == ""):
		case isECR && matchECR(rule.Match, bare, r), !isECR && matchGlob(rule.Match, host):
			return rule
		}
	}
	return nil
}

// apply takes over what the rule decides.
func (m *Match) apply() *Error {
	for _, t := range [...]struct {
		key, text string
		filled    *string
	}{
		{"profile", m.Rule.Profile, &m.Profile},
		{"role_arn", m.Rule.RoleARN, &m.RoleARN},
		{"external_id", m.Rule.ExternalID, &m.ExternalID},
		{"session_name", m.Rule.SessionName, &m.SessionName},
		{"region", m.Rule.Region, &m.STSRegion},
		{"endpoint", m.Rule.Endpoint, &m.Endpoint},
	} {
		filled, problem := fill(t.text, m.Registry)
		if problem != "" {
			return &Error{Key: t.key, Message: t.key + " " + problem}
		}
		*t.filled = filled
	}
	if m.Rule.FIPS != nil {
		m.Registry.FIPS = *m.Rule.FIPS
	}
	if m.Rule.DualStack != nil {
		m.Registry.DualStack = *m.Rule.DualStack
	}
	m.Canonical = m.canonical()
	return nil
}

// canonical quotes each value, so that no value reads like another key.
func (m *Match) canonical() string {
	var b []byte
	add := func(key, value string) {
		if value == "" {
			return
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(append(b, key...), '=')
		b = strconv.AppendQuote(b, value)
	}
	add("profile", m.Profile)
	add("role_arn", m.RoleARN)
	add("external_id", m.ExternalID)
	add("session_name", m.SessionName)
	add("region", m.STSRegion)
	add("endpoint", m.Endpoint)
	if m.Rule.FIPS != nil {
		add("fips", strconv.FormatBool(*m.Rule.FIPS))
	}
	if m.Rule.DualStack != nil {
		add("dual_stack", strconv.FormatBool(*m.Rule.DualStack))
	}
	return string(b)
}

// WithProfile is the match with another principal: the profile that the
// program's name carries, which comes before the rule's profile and its role.
// The rest of the rule stays. An empty name changes nothing.
func (m Match) WithProfile(name string) Match {
	if name == "" {
		return m
	}
	m.Profile, m.RoleARN, m.ExternalID, m.SessionName = name, "", "", ""
	if m.Rule != nil {
		m.Canonical = m.canonical()
	}
	return m
}
