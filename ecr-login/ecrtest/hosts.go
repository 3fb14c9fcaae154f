package ecrtest

import (
	"net/netip"
	"strings"
)

// The fake has a parser of its own for host names. With the parser of this module's registry
// package it could not find that parser's mistakes.

// ecrHost is the account and region in a private registry's host name.
type ecrHost struct {
	account, region string
}

// parseECRHost parses the names of private registries in every partition, with FIPS and dual-stack
// names: ACCOUNT.dkr[.-]ecr[-fips].REGION.SUFFIX.
func parseECRHost(host string) (ecrHost, bool) {
	account, rest, ok := strings.Cut(host, ".dkr")
	if !ok || !isAccount(account) || len(rest) == 0 || (rest[0] != '.' && rest[0] != '-') {
		return ecrHost{}, false
	}
	service, rest, ok := strings.Cut(rest[1:], ".")
	if !ok || (service != "ecr" && service != "ecr-fips") {
		return ecrHost{}, false
	}
	region, _, ok := strings.Cut(rest, ".")
	if !ok || !isRegion(region) {
		return ecrHost{}, false
	}
	return ecrHost{account, region}, true
}

// isPublicHost reports whether host is ECR Public's name or its dual-stack name.
func isPublicHost(host string) bool {
	return host == "public.ecr.aws" || host == "ecr-public.aws.com"
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// isRegion reports whether a label has a region's form: letters, more letters, a number. It uses no
// list, so that new regions are accepted.
func isRegion(label string) bool {
	parts := strings.Split(label, "-")
	if len(parts) < 3 {
		return false
	}
	for i, p := range parts {
		if p == "" {
			return false
		}
		for _, c := range p {
			if last := i == len(parts)-1; last != ('0' <= c && c <= '9') {
				return false
			}
			if c > 'z' || (c < 'a' && (c < '0' || c > '9')) {
				return false
			}
		}
	}
	return true
}

// regionOf returns the region in the name of an AWS host, or "".
func regionOf(host string) string {
	for label := range strings.SplitSeq(host, ".") {
		if isRegion(label) {
			return label
		}
	}
	return ""
}

// suffixOf returns the DNS suffix of a region's partition.
func suffixOf(region string) string {
	for _, p := range [...]struct{ prefix, suffix string }{
		{"cn-", "amazonaws.com.cn"},
		{"us-isob-", "sc2s.sgov.gov"},
		{"us-isof-", "csp.hci.ic.gov"},
		{"us-iso-", "c2s.ic.gov"},
		{"eu-isoe-", "cloud.adc-e.uk"},
		{"eusc-", "amazonaws.eu"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.suffix
		}
	}
	return "amazonaws.com"
}

// partitionOfRegion returns the partition of a region.
func partitionOfRegion(region string) string {
	for _, p := range [...]struct{ prefix, partition string }{
		{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"us-isob-", "aws-iso-b"}, {"us-isof-", "aws-iso-f"},
		{"us-iso-", "aws-iso"}, {"eu-isoe-", "aws-iso-e"}, {"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.partition
		}
	}
	return "aws"
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
