package registry

import (
	"errors"
	"strconv"
	"strings"
)

// maxRegion is twice the length of the longest region's name so far.
const maxRegion = 32

// A partition is a part of AWS with credentials and host names of its own.
type partition struct {
	name      string
	prefix    string // what the names of its regions, and of no other's, begin with
	country   bool   // two letters and a hyphen follow the prefix
	suffix    string // of ID.dkr.ecr.R.suffix
	dualStack string // of ID.dkr-ecr.R.suffix; empty: no dual-stack registries
	fips      bool   // has registries under ecr-fips

	// dottedDualStack: the dual-stack suffix is also seen behind dkr.ecr.
	dottedDualStack bool
}

// partitions has aws last: every region that no other prefix claims is its own.
// The prefixes are those of the AWS SDK's table of partitions.
var partitions = [...]partition{
	{name: "aws-us-gov", prefix: "us-gov-", suffix: "amazonaws.com", dualStack: "on.aws", fips: true},
	{name: "aws-cn", prefix: "cn-", suffix: "amazonaws.com.cn", dualStack: "on.amazonwebservices.com.cn", dottedDualStack: true},
	{name: "aws-iso", prefix: "us-iso-", suffix: "c2s.ic.gov"},
	{name: "aws-iso-b", prefix: "us-isob-", suffix: "sc2s.sgov.gov"},
	{name: "aws-iso-e", prefix: "eu-isoe-", suffix: "cloud.adc-e.uk"},
	{name: "aws-iso-f", prefix: "us-isof-", suffix: "csp.hci.ic.gov"},
	{name: "aws-eusc", prefix: "eusc-", country: true, suffix: "amazonaws.eu"},
	{name: "aws", country: true, suffix: "amazonaws.com", dualStack: "on.aws", fips: true},
}

// partitionOf is the one partition in which a region of that name can be, nil
// when its form is wrong. The host's suffix has no say in it: a region of one
// partition is never found under the suffix of another.
func partitionOf(region string) *partition {
	hyphen := strings.LastIndexByte(region, '-')
	if hyphen < 0 || len(region) > maxRegion || !isOrdinal(region[hyphen+1:]) {
		return nil
	}
	word := hyphen
	for word > 0 && isLetter(region[word-1]) {
		word--
	}
	// Both end in a hyphen, as a prefix does: us-gov-west-1, us-gov-, us-gov-west-.
	head, stem := region[:word], region[:hyphen+1]
	if head == "" || word == hyphen {
		return nil
	}
	for i := range partitions {
		p := &partitions[i]
		switch {
		case stem == p.prefix: // us-gov-1 lacks a word and is not of aws either
			return nil
		case p.country && len(head) == len(p.prefix)+3 && strings.HasPrefix(head, p.prefix):
			country := head[len(p.prefix):]
			if isLetter(country[0]) && isLetter(country[1]) && country[2] == '-' {
				return p
			}
		case head == p.prefix && !p.country:
			return p
		}
	}
	return nil
}

func partitionNamed(name string) *partition {
	for i := range partitions {
		if partitions[i].name == name {
			return &partitions[i]
		}
	}
	return nil
}

// format writes the canonical host of a private registry.
func (p *partition) format(r Registry) string {
	service, suffix := ".dkr.ecr", p.suffix
	if r.DualStack {
		service, suffix = ".dkr-ecr", p.dualStack
	}
	if r.FIPS {
		service += "-fips"
	}
	return r.Account + service + "." + r.Region + "." + suffix
}

// Suffix is a DNS suffix under which a partition that this package does not
// know has its registries, as ID.dkr.ecr.REGION.SUFFIX. Its regions are two to
// four words of letters and a number, joined by hyphens.
type Suffix struct {
	Suffix    string // lower case, no dot at either end
	Partition string // what the partition is called
}

// Validate says why s cannot be used. A suffix or a partition that this package
// knows by itself is refused: settings add to the table and never change what
// it says.
func (s Suffix) Validate() error {
	switch {
	case s.Suffix != strings.ToLower(s.Suffix) || !isHostName(s.Suffix) || isIPv4(s.Suffix):
		return errors.New("partition suffix " + strconv.Quote(s.Suffix) + " is not a lower-case DNS name")
	case s.Partition == "":
		return errors.New("partition suffix " + strconv.Quote(s.Suffix) + " has no partition name")
	case s.Partition != strings.ToLower(s.Partition) || !isLabel(s.Partition):
		return errors.New("partition name " + strconv.Quote(s.Partition) + " is not one lower-case word")
	case partitionNamed(s.Partition) != nil:
		return errors.New("partition " + strconv.Quote(s.Partition) + " is built in and has its suffixes")
	}
	for i := range partitions {
		if p := &partitions[i]; isUnder(s.Suffix, p.suffix) || isUnder(s.Suffix, p.dualStack) {
			return errors.New("partition suffix " + strconv.Quote(s.Suffix) + " is built in, of partition " + p.name)
		}
	}
	return nil
}

// isUnder reports whether name is the domain or one below it.
func isUnder(name, domain string) bool {
	rest, ok := strings.CutSuffix(name, domain)
	return domain != "" && ok && (rest == "" || strings.HasSuffix(rest, "."))
}

// isRegion reports whether s has the form of a region in a partition about
// which nothing else is known.
func isRegion(s string) bool {
	if len(s) > maxRegion {
		return false
	}
	for words := 0; ; words++ {
		word, rest, more := strings.Cut(s, "-")
		if !more {
			return words >= 2 && words <= 4 && isOrdinal(word)
		}
		if !isLetters(word) {
			return false
		}
		s = rest
	}
}

// isOrdinal reports whether s is a region's number: 1 to 99.
func isOrdinal(s string) bool {
	return (len(s) == 1 || len(s) == 2) && s[0] != '0' && isDigits(s)
}

// isLetters reports whether s is one or more lower-case letters.
func isLetters(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) {
			return false
		}
	}
	return s != ""
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }

// isDigits reports whether s is one or more decimal digits.
func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
