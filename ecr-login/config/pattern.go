package config

import (
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// matchGlob reports whether the whole text matches a pattern, in which * stands
// for any run of characters, also none, and every other character for itself.
func matchGlob(pattern, text string) bool {
	// The last star passed, and the text from where it stands for nothing. One
	// more character for it is all that ever needs trying: what an earlier star
	// could take, the last one can take as well.
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

// matchECR reports whether a rule's pattern matches an ECR registry, asked for
// under a host without port.
func matchECR(pattern, host string, r registry.Registry) bool {
	if isAccount(pattern) {
		return pattern == r.Account
	}
	if account, region, ok := strings.Cut(pattern, "/"); ok {
		return r.Service == registry.Private && (account == "*" || account == r.Account) && matchGlob(region, r.Region)
	}
	return matchGlob(pattern, host)
}

// checkPattern says why a pattern, of a rule that makes no aliases, can never
// match any ECR registry. The problem goes on after the pattern.
func checkPattern(pattern string, parser registry.Parser) (problem string) {
	if strings.Contains(pattern, "://") {
		return "is a URL, and a host is matched"
	}
	if account, region, ok := strings.Cut(pattern, "/"); ok {
		switch {
		case account != "*" && !isAccount(account):
			return "has neither an account of twelve digits nor * before the slash"
		case !isRegionPattern(region, parser):
			return "has no region after the slash"
		}
		return ""
	}
	if isAccount(pattern) {
		return ""
	}
	if strings.Trim(pattern, "0123456789") == "" {
		return "is a number, and accounts have twelve digits"
	}
	if strings.Contains(pattern, "*") {
		if !coversECR(pattern, parser) {
			return "can never match: no ECR host looks like that"
		}
		return ""
	}
	if _, err := parser.Parse(pattern); err != nil {
		return "can never match: it is no ECR host, and no alias without host"
	}
	if host, _ := registry.Host(pattern); host != pattern || strings.Contains(pattern, ":") {
		return "can never match: write the host alone"
	}
	return ""
}

// oneRegion of each partition shows what the partition's hosts look like.
var oneRegion = [...]struct{ partition, region string }{
	{"aws", "us-east-1"},
	{"aws-us-gov", "us-gov-west-1"},
	{"aws-cn", "cn-north-1"},
	{"aws-iso", "us-iso-east-1"},
	{"aws-iso-b", "us-isob-east-1"},
	{"aws-iso-e", "eu-isoe-west-1"},
	{"aws-iso-f", "us-isof-south-1"},
	{"aws-eusc", "eusc-de-east-1"},
}

// isRegionPattern reports whether a pattern can match a region's name.
func isRegionPattern(pattern string, parser registry.Parser) bool {
	if strings.Contains(pattern, "*") {
		return overlap(pattern, formRegion)
	}
	r := registry.Registry{Account: example.Account, Region: pattern, Service: registry.Private}
	for _, one := range oneRegion {
		r.Partition = one.partition
		if parser.Host(r) != "" {
			return true
		}
	}
	for _, s := range parser.Suffixes {
		r.Partition = s.Partition
		if parser.Host(r) != "" {
			return true
		}
	}
	return false
}

// A form is what a kind of host looks like: # stands for one digit, + for one or
// more characters of a region's name, every other character for itself.
const (
	formAccount = "############"
	formRegion  = "+#"
)

// coversECR reports whether a pattern with stars matches an ECR host. The forms
// are made of the hosts that the registry package writes, the most usual first.
func coversECR(pattern string, parser registry.Parser) bool {
	covers := func(r registry.Registry) bool {
		host, ok := strings.CutPrefix(parser.Host(r), r.Account)
		if host == "" || !ok {
			return false
		}
		if r.Service == registry.Public {
			return overlap(pattern, host)
		}
		form := formAccount + strings.Replace(host, "."+r.Region+".", "."+formRegion+".", 1)
		if overlap(pattern, form) {
			return true
		}
		// China's dual-stack hosts are seen with a dot as well.
		dotted := strings.Replace(host, "dkr-ecr", "dkr.ecr", 1)
		if got, err := parser.Parse(r.Account + dotted); err != nil || got != r {
			return false
		}
		return overlap(pattern, strings.Replace(form, "dkr-ecr", "dkr.ecr", 1))
	}
	for _, kind := range [...]struct{ fips, dualStack bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		r := registry.Registry{Account: example.Account, Service: registry.Private, FIPS: kind.fips, DualStack: kind.dualStack}
		for _, one := range oneRegion {
			r.Partition, r.Region = one.partition, one.region
			if covers(r) {
				return true
			}
		}
		for _, s := range parser.Suffixes {
			r.Partition, r.Region = s.Partition, example.Region
			if covers(r) {
				return true
			}
		}
		r = registry.Registry{Region: example.Region, Partition: "aws", Service: registry.Public, DualStack: kind.dualStack}
		if !kind.fips && covers(r) {
			return true
		}
	}
	return false
}

// overlap reports whether there is a text that both a pattern matches and a form
// describes.
func overlap(pattern, form string) bool {
	// Up to the first star or plus, and behind the last one, character stands
	// against character. That is most of most patterns.
	for pattern != "" && form != "" && pattern[0] != '*' && form[0] != '+' {
		if !stands(form[0], pattern[0]) {
			return false
		}
		pattern, form = pattern[1:], form[1:]
	}
	for p, f := len(pattern)-1, len(form)-1; p >= 0 && f >= 0 && pattern[p] != '*' && form[f] != '+'; p, f = p-1, f-1 {
		if !stands(form[f], pattern[p]) {
			return false
		}
		pattern, form = pattern[:p], form[:f]
	}
	// Each row says for one place in the pattern at which places in the form the
	// rests of both overlap. The rows are worked out from the end.
	below := make([]bool, len(form)+1)
	row := make([]bool, len(form)+1)
	below[len(form)] = true
	for i := len(pattern) - 1; i >= 0; i-- {
		c := pattern[i]
		row[len(form)] = c == '*' && below[len(form)]
		for j := len(form) - 1; j >= 0; j-- {
			switch {
			case c == '*':
				// It stands for nothing, or for what stands at j and more.
				row[j] = below[j] || row[j+1]
			case form[j] == '+':
				row[j] = stands('+', c) && (below[j] || below[j+1])
			default:
				row[j] = stands(form[j], c) && below[j+1]
			}
		}
		row, below = below, row
	}
	return below[0]
}

// stands reports whether a form's character can stand for c.
func stands(form, c byte) bool {
	switch form {
	case '#':
		return '0' <= c && c <= '9'
	case '+':
		return c == '-' || isLowerOrDigit(rune(c))
	}
	return form == c
}
