package config

import (
	"strconv"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Match is the registry of a server URL and the settings that apply to it.
type Match struct {
	// Host is the host of the server URL, as registry.Host returns it.
	Host string

	// Registry is the registry of the host, or of the ECR host of an alias, with the fips and
	// dual_stack of the rule.
	Registry registry.Registry

	// Rule is the first rule that matches; nil if no rule matches.
	Rule *Rule

	// The values of the rule with its placeholders replaced; empty when the rule does not set them.
	Profile     string // AWS profile
	RoleARN     string // role to assume with the profile's credentials
	ExternalID  string // external ID for the role
	SessionName string // session name for the role
	STSRegion   string // region of STS
	Endpoint    string // URL of the ECR API

	// Canonical contains everything in the rule that affects the principal or the endpoint: two
	// matches with different Canonical never share a token. It is empty if nothing does, as for a
	// rule that only defines an alias.
	Canonical string
}

// Match returns the registry of a server URL, which can be an alias, and the rule for it. The error
// wraps [registry.ErrNotECR] when the server URL is neither ECR nor an alias, and is an *[Error]
// when a placeholder of the rule has no value.
func (s Settings) Match(serverURL string) (Match, error) {
	host, r, notECR := s.Parser().ParseHost(serverURL)
	if host == "" {
		return Match{}, notECR
	}
	m := Match{Host: host, Registry: r, Rule: s.rule(host, r, notECR == nil)}
	if m.Rule == nil {
		if notECR != nil {
			return Match{}, notECR
		}
		return m, nil
	}
	if notECR != nil {
		var err error
		if m.Registry, err = s.Parser().Parse(m.Rule.Host); err != nil {
			return Match{}, err
		}
	}
	if err := m.apply(); err != nil {
		err.Path, err.Line = s.Path, m.Rule.Line
		return Match{}, err
	}
	return m, nil
}

// rule returns the first rule that matches. A rule with host matches only hosts that are not ECR,
// every other rule only ECR hosts.
func (s Settings) rule(host string, r registry.Registry, isECR bool) *Rule {
	bare := host
	if isECR {
		// An ECR registry is the same on every port.
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

// apply sets the values of the rule, with its placeholders replaced.
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
		filled, err := fill(t.text, m.Registry)
		if err != nil {
			return &Error{Key: t.key, Message: t.key + " " + err.Error()}
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

// canonical returns the text of Canonical. Values are quoted, so that no value can look like
// another key.
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

// WithProfile returns m with another AWS profile, such as the one in the program's name, which
// replaces the profile and the role of the rule. The rest of the rule stays. An empty name returns
// m unchanged.
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
