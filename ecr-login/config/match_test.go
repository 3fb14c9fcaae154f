package config_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// settings returns the settings of a file that must be valid.
func settings(t testing.TB, text string) config.Settings {
	t.Helper()
	m := newMachine(t)
	m.write(m.file(), text)
	return loaded(t, m)
}

// ruleFor returns a file with one rule for the pattern.
func ruleFor(pattern, lines string) string {
	return "[[registry]]\nmatch = \"" + pattern + "\"\n" + lines
}

const (
	ireland = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
	gov     = "111122223333.dkr.ecr.us-gov-west-1.amazonaws.com"
	china   = "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn"
	fips    = "111122223333.dkr.ecr-fips.us-east-1.amazonaws.com"
	dual    = "111122223333.dkr-ecr.eu-west-1.on.aws"
	other   = "444455556666.dkr.ecr.eu-west-1.amazonaws.com"
	public  = "public.ecr.aws"
)

var everyHost = []string{ireland, gov, china, fips, dual, other, public, "ecr-public.aws.com"}

// TestPatterns checks which of the hosts above a pattern matches; the others are registries without
// a rule.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string][]string{
		"*":                                    everyHost,
		ireland:                                {ireland},
		"111122223333":                         {ireland, gov, china, fips, dual},
		"111122223333.DKR.ecr.*.amazonaws.com": {ireland, gov},
		"111122223333.dkr.ecr.*":               {ireland, gov, china},
		"*.dkr.ecr.eu-west-1.amazonaws.com":    {ireland, other},
		"*.dkr.ecr.us-gov-*.amazonaws.com":     {gov},
		"*.amazonaws.com":                      {ireland, gov, fips, other},
		"*.amazonaws.com.cn":                   {china},
		"*.on.aws":                             {dual},
		"*-fips*":                              {fips},
		"1111*":                                {ireland, gov, china, fips, dual},
		"444455556666.dkr-ecr.*":               {},
		"*.dkr-ecr.*.on.amazonwebservices.com.cn": {},
		"*.dkr.ecr.*.on.amazonwebservices.com.cn": {},
		"*.dkr.ecr.us-iso*.c2s.ic.gov":            {},
		"*.dkr.ecr.us-isob-*.sc2s.sgov.gov":       {},
		"*.dkr.ecr.eu-isoe-west-*.cloud.adc-e.uk": {},
		"*.dkr.ecr.*.csp.hci.ic.gov":              {},
		"*.dkr.ecr.eusc-de-*.amazonaws.eu":        {},
		"*/eu-west-1":                             {ireland, dual, other},
		"111122223333/eu-west-1":                  {ireland, dual},
		"111122223333/*":                          {ireland, gov, china, fips, dual},
		"*/eu-*":                                  {ireland, dual, other},
		"*/us-east-1":                             {fips}, // not ECR Public, although its API is in that region
		"*/eusc-de-east-1":                        {},
		"public.ecr.aws":                          {public},
		"*public*":                                {public, "ecr-public.aws.com"},
		"ecr-public.aws.com":                      {"ecr-public.aws.com"},
		"*.ecr.aws":                               {public},
	} {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			s := settings(t, ruleFor(pattern, "profile = \"a\"\n"))
			for _, host := range everyHost {
				for _, spelling := range []string{host, "https://" + strings.ToUpper(host) + ":443/v2/\n", host + ":8443"} {
					m, err := s.Match(spelling)
					if err != nil {
						t.Fatal(err)
					}
					should := slices.Contains(want, host)
					if (m.Rule != nil) != should || (m.Profile == "a") != should {
						t.Errorf("%q matches %q: %v, want %v", pattern, spelling, m.Rule != nil, should)
					}
					if r, _ := registry.Parse(host); m.Registry != r {
						t.Errorf("%q is %+v, want %+v", spelling, m.Registry, r)
					}
				}
			}
		})
	}
}

// TestBadPatterns are patterns without * that match no registry, and malformed ones.
func TestBadPatterns(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"images.example.com":      "is not an ECR host", // an alias needs host
		"https://" + ireland:      "is a URL",
		"HTTPS://" + ireland:      "is a URL",
		"https://*.amazonaws.com": "is a URL",
		ireland + "/repository":   "before the slash",
		ireland + ":443":          "without port",
		ireland + ".":             "trailing dot",
		" " + ireland:             "never matches",
		"11112222333":             "not a twelve-digit account",
		"1111222233334":           "not a twelve-digit account",
		"1111-2222-3333":          "is not an ECR host",
		"11112222333/eu-west-1":   "twelve-digit account nor *",
		"/eu-west-1":              "twelve-digit account nor *",
		"11*/eu-west-1":           "twelve-digit account nor *",
		"**/eu-west-1":            "twelve-digit account nor *",
		"*/":                      "no region after the slash",
		"*/ireland":               "no region after the slash",
		"*/eu-west":               "no region after the slash",
		"*/eu-west-1/x":           "no region after the slash",
		"*/EU West":               "no region after the slash",
		"11112222333.dkr.ecr.eu-west-1.amazonaws.com":               "is not an ECR host",
		"111122223333.drk.ecr.eu-west-1.amazonaws.com":              "is not an ECR host",
		"111122223333.dkr.ecr.eu_west_1.amazonaws.com":              "is not an ECR host",
		"111122223333.dkr.ecr-fips.us-iso-east-1.c2s.ic.gov":        "is not an ECR host",
		"111122223333.dkr-ecr.eu-west-1.amazonaws.com":              "is not an ECR host",
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com.evil.example": "is not an ECR host",
		"111122223333.dkr.ecr.(eu|us)-west-1.amazonaws.com":         "is not an ECR host",
	} {
		m := newMachine(t)
		m.write(m.file(), "\n"+ruleFor(pattern, ""))
		if _, e := problem(t, m); e.Line != 3 || e.Key != "match" || !strings.Contains(e.Message, want) {
			t.Errorf("%q: %v; want line 3 and %q", pattern, e, want)
		}
	}
	// A pattern with * is accepted, even if no host matches it.
	settings(t, ruleFor("*.dkr.ecr.*.amazonaws.org", ""))
}

// TestUnreachedRules checks the rules that an earlier one hides: one with the same pattern, or *.
func TestUnreachedRules(t *testing.T) {
	t.Parallel()
	alias := "host = \"" + other + "\"\n"
	for _, test := range []struct {
		first, second string
		hidden        bool
	}{
		{ruleFor("*", ""), ruleFor(ireland, ""), true},
		{ruleFor("*", ""), ruleFor("111122223333", ""), true},
		{ruleFor("*", ""), ruleFor("*/eu-west-1", ""), true},
		{ruleFor(ireland, ""), ruleFor(strings.ToUpper(ireland), ""), true},
		{ruleFor("*/eu-*", ""), ruleFor("*/eu-*", ""), true},
		{ruleFor("images.example.com", alias), ruleFor("images.example.com:443", alias), true},

		{ruleFor(ireland, ""), ruleFor("*", ""), false},
		{ruleFor("111122223333/eu-west-1", ""), ruleFor("111122223333", ""), false},
		{ruleFor("*/eu-west-1", ""), ruleFor("*/eu-west-2", ""), false},
		{ruleFor("*/eu-*", ""), ruleFor("111122223333/eu-west-1", ""), false}, // hidden, but accepted
		{ruleFor("*", ""), ruleFor("images.example.com", alias), false},       // only for ECR hosts
		{ruleFor("images.example.com", alias), ruleFor("images.example.com:5000", alias), false},
		{ruleFor("images.example.com", alias), ruleFor("*.example.com", alias), false},
	} {
		m := newMachine(t)
		m.write(m.file(), test.first+test.second)
		_, err := m.load()
		if hidden := err != nil && strings.Contains(err.Error(), "is never reached: the rule on line 1 matches first"); hidden != test.hidden || err != nil && !test.hidden {
			t.Errorf("%s%s-> %v, want hidden %v", test.first, test.second, err, test.hidden)
		}
	}
}

// TestFirstMatchWins has a first rule without any values.
func TestFirstMatchWins(t *testing.T) {
	t.Parallel()
	s := settings(t, ruleFor("111122223333/eu-west-1", "")+ruleFor("111122223333", "profile = \"prod\"\n")+ruleFor("*", "profile = \"rest\"\n"))
	for host, want := range map[string]struct {
		profile string
		line    int
	}{ireland: {"", 1}, gov: {"prod", 3}, other: {"rest", 6}, public: {"rest", 6}} {
		m, err := s.Match(host)
		if err != nil || m.Profile != want.profile || m.Rule.Line != want.line {
			t.Errorf("%s: profile %q of the rule %+v, %v; want %q of line %d", host, m.Profile, m.Rule, err, want.profile, want.line)
		}
		if (m.Canonical == "") != (want.profile == "") {
			t.Errorf("%s: canonical %q of profile %q", host, m.Canonical, m.Profile)
		}
	}
}

// TestOtherHosts checks that a host which is neither ECR nor an alias is rejected, whatever the
// rules.
func TestOtherHosts(t *testing.T) {
	t.Parallel()
	for _, s := range []config.Settings{
		{},
		settings(t, ruleFor("*", "profile = \"a\"\n")+ruleFor("images.example.com", "host = \""+ireland+"\"\n")+
			ruleFor("*.sub.example.com", "host = \""+ireland+"\"\n")+ruleFor("local:5000", "host = \""+ireland+"\"\n")),
		// Settings made by a program, which are not checked.
		{Rules: []config.Rule{{Match: "*", Host: "evil.example"}}},
		{Rules: []config.Rule{{Match: "*.evil.example", Profile: "a"}}},
	} {
		for _, url := range []string{
			"", "docker.io", "ghcr.io", "example.com", "images.example.com.evil.example", "evil-images.example.com",
			"images.example.com:5000", "images.example.com@evil.example", "evil.example/images.example.com",
			"evil.example?.sub.example.com", "evil.example#.sub.example.com", "evil.example/.sub.example.com",
			"https://evil.example\\.sub.example.com", "sub.example.com", "a.sub.example.com:5000", "local", "local:5001",
			ireland + ".evil.example", "evil-" + ireland, "user@" + ireland, "ftp://" + ireland, "127.0.0.1:5000", "[::1]:5000",
			"11112222333.dkr.ecr.eu-west-1.amazonaws.com",
		} {
			m, err := s.Match(url)
			if !errors.Is(err, registry.ErrNotECR) {
				t.Errorf("%q: %+v, error %v", url, m, err)
			}
			if m != (config.Match{}) {
				t.Errorf("%q is not ECR, but the match is %+v", url, m)
			}
		}
	}
}

func TestAlias(t *testing.T) {
	t.Parallel()
	s := settings(t, ruleFor("*", "profile = \"a\"\n")+ruleFor("images.example.com", "host = \""+ireland+"\"\n")+
		ruleFor("*.mirror.example.com", "host = \""+fips+"\"\nprofile = \"{account}\"\ndual_stack = true\nendpoint = \"https://{region}.example\"\n")+
		ruleFor("localhost:5000", "host = \"public.ecr.aws\"\n"))
	behind, _ := registry.Parse(ireland)
	for _, url := range []string{
		"images.example.com", "IMAGES.example.com.", "https://images.example.com/v2/", "images.example.com:443",
		"https://images.example.com:443", "http://images.example.com:443", "http://images.example.com:80",
	} {
		m, err := s.Match(url)
		if err != nil || m.Host != "images.example.com" || m.Registry != behind || m.Rule.Line != 4 || m.Canonical != "" {
			t.Errorf("%q: %+v, %v", url, m, err)
		}
	}
	m, err := s.Match("a.b.mirror.example.com")
	want := registry.Registry{Account: "111122223333", Region: "us-east-1", Partition: "aws", Service: registry.Private, FIPS: true, DualStack: true}
	if err != nil || m.Registry != want || m.Profile != "111122223333" || m.Endpoint != "https://us-east-1.example" {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err := s.Match("localhost:5000"); err != nil || m.Host != "localhost:5000" || m.Registry.Service != registry.Public {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestBadAliases(t *testing.T) {
	t.Parallel()
	to := func(host string) string { return "host = \"" + host + "\"\n" }
	for name, test := range map[string]struct {
		text, want string
		line       int
	}{
		"to a host that is not ECR":    {ruleFor("images.example.com", to("ghcr.io")), "must be the ECR host of the alias", 3},
		"to a look-alike":              {ruleFor("images.example.com", to(ireland+".evil.example")), "must be the ECR host of the alias", 3},
		"to another alias":             {ruleFor("a.example.com", to(ireland)) + ruleFor("b.example.com", to("a.example.com")), "must be the ECR host of the alias", 6},
		"with a placeholder":           {ruleFor("images.example.com", to("{account}.dkr.ecr.eu-west-1.amazonaws.com")), "must be the ECR host of the alias", 3},
		"to nothing":                   {ruleFor("images.example.com", to("")), "host is empty", 3},
		"of an ECR host":               {ruleFor(other, to(ireland)), "is an ECR host", 2},
		"of an ECR host, as a URL":     {ruleFor("https://"+other, to(ireland)), "not a host name", 2},
		"of an ECR host behind a port": {ruleFor(other+":5000", to(ireland)), "is an ECR host", 2},
		"of ECR Public":                {ruleFor("public.ecr.aws", to(ireland)), "is an ECR host", 2},
		"of an account":                {ruleFor("444455556666", to(ireland)), "not a host name", 2},
		"of a region":                  {ruleFor("*/eu-west-1", to(ireland)), "not a host name", 2},
		"of everything":                {ruleFor("*", to(ireland)), "too wide", 2},
		"of a top-level domain":        {ruleFor("*.com", to(ireland)), "too wide", 2},
		"of every end":                 {ruleFor("images.*", to(ireland)), "too wide", 2},
		"of every end behind a port":   {ruleFor("images.*:5000", to(ireland)), "too wide", 2},
		"of a part of a domain":        {ruleFor("*example.com", to(ireland)), "too wide", 2},
		"of names that ECR has":        {ruleFor("*.amazonaws.com", to(ireland)), "other AWS customers have names", 2},
		"of names of ECR, nearly all":  {ruleFor("*.dkr.ecr.*.amazonaws.com", to(ireland)), "other AWS customers have names", 2},
		"of every load balancer":       {ruleFor("*.elb.amazonaws.com", to(ireland)), "other AWS customers have names", 2},
		"of names below a port":        {ruleFor("*.amazonaws.com:5000", to(ireland)), "other AWS customers have names", 2},
		"of names in China":            {ruleFor("*.cn-north-1.amazonaws.com.cn", to(ireland)), "other AWS customers have names", 2},
		"of a host with a path":        {ruleFor("images.example.com/x", to(ireland)), "not a host name", 2},
		"of a URL":                     {ruleFor("https://images.example.com", to(ireland)), "not a host name", 2},
		"of a host with user info":     {ruleFor("ann@images.example.com", to(ireland)), "not a host name", 2},
		"of a host in another script":  {ruleFor("imаges.example.com", to(ireland)), "not a host name", 2},
	} {
		m := newMachine(t)
		m.write(m.file(), test.text)
		_, e := problem(t, m)
		if e.Line != test.line || !strings.Contains(e.Message, test.want) {
			t.Errorf("alias %s: line %d, %s; want line %d, %s", name, e.Line, e, test.line, test.want)
		}
	}
	// A single name in a domain of AWS is accepted.
	settings(t, ruleFor("mirror-1.eu-west-1.elb.amazonaws.com", to(ireland)))
}

// TestPlaceholders checks that placeholders are replaced for each registry.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	s := settings(t, ruleFor("*", `
profile = "p-{account}-{region}"
role_arn = "arn:{partition}:iam::{account}:role/{service}/x"
external_id = "{region}/{account}"
session_name = "{account}@{region}"
region = "{region}"
endpoint = "https://api.{service}.{region}.example/{account}"
`))
	for host, want := range map[string][]string{
		ireland: {"p-111122223333-eu-west-1", "arn:aws:iam::111122223333:role/ecr/x", "eu-west-1/111122223333", "111122223333@eu-west-1", "eu-west-1", "https://api.ecr.eu-west-1.example/111122223333"},
		china:   {"p-111122223333-cn-north-1", "arn:aws-cn:iam::111122223333:role/ecr/x", "cn-north-1/111122223333", "111122223333@cn-north-1", "cn-north-1", "https://api.ecr.cn-north-1.example/111122223333"},
	} {
		m, err := s.Match(host)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range []string{m.Profile, m.RoleARN, m.ExternalID, m.SessionName, m.STSRegion, m.Endpoint} {
			if got != want[i] {
				t.Errorf("%s: %q, want %q", host, got, want[i])
			}
		}
	}
	var e *config.Error
	if _, err := s.Match(public); !errors.As(err, &e) || e.Path != s.Path || e.Line != 1 || e.Key != "profile" || errors.Is(err, registry.ErrNotECR) {
		t.Errorf("ECR Public has no account, but the error is %v", err)
	}
}

// TestSwitches checks the fips and dual_stack of a rule for hosts that have their own.
func TestSwitches(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string]map[string][2]bool{
		"profile = \"a\"\n":                 {ireland: {false, false}, fips: {true, false}, dual: {false, true}},
		"fips = true\n":                     {ireland: {true, false}, fips: {true, false}, dual: {true, true}},
		"fips = false\n":                    {ireland: {false, false}, fips: {false, false}, dual: {false, true}},
		"dual_stack = true\n":               {ireland: {false, true}, fips: {true, true}, dual: {false, true}},
		"dual_stack = false\nfips = true\n": {ireland: {true, false}, fips: {true, false}, dual: {true, false}},
	} {
		s := settings(t, ruleFor("*", lines))
		for host, want := range want {
			m, err := s.Match(host)
			if err != nil || m.Registry.FIPS != want[0] || m.Registry.DualStack != want[1] {
				t.Errorf("%q, %s: fips %v, dual-stack %v, %v; want %v", lines, host, m.Registry.FIPS, m.Registry.DualStack, err, want)
			}
		}
	}
}

// TestCanonical checks that Canonical is different for rules with different values, and the same
// for rules with the same values.
func TestCanonical(t *testing.T) {
	t.Parallel()
	const role = "role_arn = \"arn:aws:iam::111122223333:role/x\"\n"
	seen := map[string]string{"": "no rule"}
	for _, lines := range []string{
		"profile = \"a\"\n", "profile = \"b\"\n", "profile = \"a\\\" region=\\\"b\"\n", "profile = \"a\"\nregion = \"b\"\n", role, role + "profile = \"a\"\n",
		role + "external_id = \"a1\"\n", role + "session_name = \"a1\"\n", "region = \"a\"\n",
		"endpoint = \"https://a.example\"\n", "fips = true\n", "fips = false\n", "dual_stack = true\n", "dual_stack = false\n",
		"profile = \"{region}\"\n", "profile = \"{account}\"\n",
	} {
		m, err := settings(t, ruleFor("*", lines)).Match(ireland)
		if err != nil {
			t.Fatal(err)
		}
		if also, ok := seen[m.Canonical]; ok {
			t.Errorf("%q and %q have the same Canonical %s", lines, also, m.Canonical)
		}
		seen[m.Canonical] = lines
		again, err := settings(t, "\n"+ruleFor(ireland, lines)).Match(ireland)
		if err != nil || again.Canonical != m.Canonical {
			t.Errorf("%q under another pattern is %q, want %q (%v)", lines, again.Canonical, m.Canonical, err)
		}
	}
	s := settings(t, ruleFor("*", "role_arn = \"arn:aws:iam::{account}:role/x\"\n"))
	a, _ := s.Match(ireland)
	b, _ := s.Match(other)
	if a.Canonical == b.Canonical || a.Canonical == "" {
		t.Errorf("two roles have the same Canonical %q", a.Canonical)
	}
}

// TestWithProfile checks that the profile replaces the rule's profile and role, and nothing else.
func TestWithProfile(t *testing.T) {
	t.Parallel()
	s := settings(t, ruleFor("111122223333", `profile = "base"
role_arn = "arn:aws:iam::111122223333:role/x"
external_id = "id"
session_name = "me"
region = "eu-west-1"
endpoint = "https://a.example"
fips = true
`))
	m, err := s.Match(ireland)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.WithProfile(""); got != m {
		t.Errorf("no profile changes %+v to %+v", m, got)
	}
	got := m.WithProfile("prod")
	want := m
	want.Profile, want.RoleARN, want.ExternalID, want.SessionName = "prod", "", "", ""
	want.Canonical = `profile="prod" region="eu-west-1" endpoint="https://a.example" fips="true"`
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	m, err = s.Match(other)
	if got := m.WithProfile("prod"); err != nil || got.Profile != "prod" || got.Canonical != "" {
		t.Errorf("without a rule: %+v, %v", got, err)
	}
}

// TestPartitions checks the hosts of a suffix that the settings add.
func TestPartitions(t *testing.T) {
	t.Parallel()
	s := settings(t, "partitions = [{suffix = \"amazonaws.example\"}]\n"+
		ruleFor("*.amazonaws.example", "role_arn = \"arn:{partition}:iam::{account}:role/x\"\n")+
		ruleFor("images.example.com", "host = \"111122223333.dkr.ecr.xx-new-1.amazonaws.example\"\n")+
		ruleFor("*/xx-new-2", "profile = \"a\"\n"))
	for _, url := range []string{"111122223333.dkr.ecr.xx-new-1.amazonaws.example", "images.example.com"} {
		m, err := s.Match(url)
		if err != nil || m.Registry.Partition != "amazonaws-example" || m.Registry.Region != "xx-new-1" {
			t.Errorf("%s: %+v, %v", url, m, err)
		}
	}
	if m, _ := s.Match("111122223333.dkr.ecr.xx-new-1.amazonaws.example"); m.RoleARN != "arn:amazonaws-example:iam::111122223333:role/x" {
		t.Errorf("role %q", m.RoleARN)
	}
	for _, url := range []string{"111122223333.dkr.ecr.xx-new-1.b.example", "amazonaws.example", "x.amazonaws.example"} {
		if m, err := s.Match(url); !errors.Is(err, registry.ErrNotECR) {
			t.Errorf("%s: %+v, %v", url, m, err)
		}
	}
	m := newMachine(t)
	m.write(m.file(), ruleFor("111122223333.dkr.ecr.xx-new-1.amazonaws.example", ""))
	if _, e := problem(t, m); !strings.Contains(e.Message, "is not an ECR host") {
		t.Errorf("without the partition: %v", e)
	}
}
