package registry

import "strings"

// partition is a part of AWS with its own credentials and host names.
type partition struct {
	name      string
	prefix    string // the beginning of its regions' names, which no other partition uses
	country   bool   // a two-letter country and a hyphen follow the prefix
	suffix    string // of ID.dkr.ecr.REGION.suffix
	dualStack string // of ID.dkr-ecr.REGION.dualStack; empty without dual-stack registries
	fips      bool   // it has registries under ecr-fips

	// dottedDualStack means that the dual-stack suffix is also used after dkr.ecr.
	dottedDualStack bool
}

// partitions is the only table of AWS's partitions. A new partition needs one line here and its
// globs in packaging/kubernetes; a test checks that. The partition aws is last, because it has
// every region that no other prefix matches. The prefixes are those of the AWS SDK's partition
// table.
var partitions = []partition{
	{name: "aws-us-gov", prefix: "us-gov-", suffix: "amazonaws.com", dualStack: "on.aws", fips: true},
	{name: "aws-cn", prefix: "cn-", suffix: "amazonaws.com.cn", dualStack: "on.amazonwebservices.com.cn", dottedDualStack: true},
	{name: "aws-iso", prefix: "us-iso-", suffix: "c2s.ic.gov"},
	{name: "aws-iso-b", prefix: "us-isob-", suffix: "sc2s.sgov.gov"},
	{name: "aws-iso-e", prefix: "eu-isoe-", suffix: "cloud.adc-e.uk"},
	{name: "aws-iso-f", prefix: "us-isof-", suffix: "csp.hci.ic.gov"},
	{name: "aws-eusc", prefix: "eusc-", country: true, suffix: "amazonaws.eu"},
	{name: "aws", country: true, suffix: "amazonaws.com", dualStack: "on.aws", fips: true},
}

// partitionOf returns the partition of a region, nil when no partition has regions of that form.
// The suffix of the host is not considered: a region exists in one partition only.
func partitionOf(region string) *partition {
	hyphen := strings.LastIndexByte(region, '-')
	if hyphen < 0 || len(region) > maxRegion || !isRegionNumber(region[hyphen+1:]) {
		return nil
	}
	word := hyphen
	for word > 0 && isLetter(region[word-1]) {
		word--
	}
	// For us-gov-west-1 head is "us-gov-" and stem is "us-gov-west-". Both end in a hyphen, as a
	// partition's prefix does.
	head, stem := region[:word], region[:hyphen+1]
	if head == "" || word == hyphen {
		return nil
	}
	for i := range partitions {
		p := &partitions[i]
		switch {
		case stem == p.prefix: // us-gov-1 lacks a word, and must not count as a region of aws
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

// partitionNamed returns the partition of that name, nil when there is none.
func partitionNamed(name string) *partition {
	for i := range partitions {
		if partitions[i].name == name {
			return &partitions[i]
		}
	}
	return nil
}

// host returns the canonical host name of a private registry in p.
func (p *partition) host(r Registry) string {
	service, suffix := ".dkr.ecr", p.suffix
	if r.DualStack {
		service, suffix = ".dkr-ecr", p.dualStack
	}
	if r.FIPS {
		service += "-fips"
	}
	return r.Account + service + "." + r.Region + "." + suffix
}
