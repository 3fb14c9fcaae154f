package config

import (
	"errors"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// matchGlob reports whether pattern matches the whole text. A * matches any number of characters,
// including none, and every other character matches itself.
func matchGlob(pattern, text string) bool {
	// retry is the pattern after the last star, and from is the text where that star matched no
	// characters. After a mismatch, only the last star is extended by one character: it can match
	// whatever an earlier star could.
	retry, from := "", ""
	starred := false
	for {
		switch {
		case pattern != "" && pattern[0] == '*':
			pattern = pattern[1:]
			retry, from, starred = pattern, text, true
		case pattern != "" && text != "" && pattern[0] == text[0]:
			pattern, text = pattern[1:], text[1:]
		case pattern == "" && text == "":
			return true
		case starred && from != "":
			from = from[1:]
			pattern, text = retry, from
		default:
			return false
		}
	}
}

// matchECR reports whether a rule's pattern matches an ECR registry with that host, which has no
// port.
func matchECR(pattern, host string, r registry.Registry) bool {
	if isAccount(pattern) {
		return pattern == r.Account
	}
	if account, region, ok := strings.Cut(pattern, "/"); ok {
		return r.Service == registry.Private && (account == "*" || account == r.Account) && matchGlob(region, r.Region)
	}
	return matchGlob(pattern, host)
}

// checkPattern checks the pattern of a rule without host. A pattern with * is not compared with the
// hosts that exist.
func checkPattern(pattern string, parser registry.Parser) error {
	if strings.Contains(pattern, "://") {
		return errors.New("is a URL; write the host only")
	}
	if account, region, ok := strings.Cut(pattern, "/"); ok {
		if account != "*" && !isAccount(account) {
			return errors.New("has neither a twelve-digit account nor * before the slash")
		}
		if strings.Contains(region, "*") {
			return nil
		}
		if _, err := parser.InRegion(region); err != nil {
			return errors.New("has no region after the slash")
		}
		return nil
	}
	switch {
	case isAccount(pattern) || strings.Contains(pattern, "*"):
		return nil
	case strings.Trim(pattern, "0123456789") == "":
		return errors.New("is a number, but not a twelve-digit account")
	}
	host, _, err := parser.ParseHost(pattern)
	switch {
	case err != nil:
		return errors.New("is not an ECR host; an alias needs the key host")
	case host != pattern || strings.Contains(pattern, ":"):
		return errors.New("never matches: write the host without port, path and trailing dot")
	}
	return nil
}

// checkAlias checks the names that a rule with host makes aliases, and removes the default port.
// The user does not write the names that a * matches. The pattern must therefore end with a domain,
// and not with a domain of AWS, in which every customer can own names.
func checkAlias(r *Rule, parser registry.Parser) error {
	name := strings.ReplaceAll(r.Match, "*", "x")
	if host, err := registry.Host(name); err != nil || host != strings.TrimSuffix(name, ":443") {
		return errors.New("is not a host name")
	}
	r.Match = strings.TrimSuffix(r.Match, ":443")
	star := strings.LastIndexByte(r.Match, '*')
	if star < 0 {
		if _, err := parser.Parse(r.Match); err == nil {
			return errors.New("is an ECR host; host is only for other names")
		}
		return nil
	}
	domain, dotted := strings.CutPrefix(r.Match[star+1:], ".")
	if !dotted || !strings.Contains(domain, ".") {
		return errors.New("is too wide for an alias: end it with a domain, as in *.example.com")
	}
	domain, _, _ = strings.Cut(domain, ":")
	if err := (registry.Suffix{Suffix: domain, Partition: "alias"}).Validate(); err != nil {
		return errors.New("is too wide for an alias: other AWS customers have names in " + domain)
	}
	return nil
}
