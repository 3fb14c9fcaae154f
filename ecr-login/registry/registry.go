// Package registry tells which Amazon ECR registry a server URL names.
//
// Its promise: [Parse] accepts exactly the host names under which AWS serves
// ECR registries, in every spelling container clients use for them, and nothing
// that only looks like one. Whoever owns the host that Parse accepts is handed
// an authorization token, so a host is compared label by label from its
// beginning to its end, never searched for a pattern.
//
// Its limits: whether the account, the registry or the region exists is not
// known here. A region is judged by the form its partition gives to region
// names, so one that opened yesterday works. A partition that has opened since
// needs a [Suffix]. Nothing here reads a file, the environment or the network.
//
// The host names are those of the AWS General Reference (gr/ecr.html), of
// kubernetes/cloud-provider-aws and of awslabs/amazon-ecr-credential-helper.
package registry

import (
	"errors"
	"strconv"
	"strings"
)

// ErrNotECR is what every error of [Parse] wraps.
var ErrNotECR = errors.New("not an Amazon ECR registry")

// notECR is ErrNotECR with the reason. The reason never repeats user info,
// which may hold a password.
type notECR struct{ reason string }

func (e *notECR) Error() string { return ErrNotECR.Error() + ": " + e.reason }
func (e *notECR) Unwrap() error { return ErrNotECR }

// Service is the kind of registry: a private one, or Amazon ECR Public.
type Service string

// The two services that issue authorization tokens.
const (
	Private Service = "ecr"
	Public  Service = "ecr-public"
)

// The whole host names of ECR Public, and the one region that has its API.
const (
	publicHost          = "public.ecr.aws"
	publicHostDualStack = "ecr-public.aws.com"
	publicRegion        = "us-east-1"
)

// Registry is what a server URL says about an Amazon ECR registry.
type Registry struct {
	Account   string  `json:"account,omitempty"` // twelve digits; empty for ECR Public
	Region    string  `json:"region"`            // where the token is asked; us-east-1 for ECR Public
	Partition string  `json:"partition"`         // "aws", "aws-cn", "aws-us-gov", "aws-iso", ...
	Service   Service `json:"service"`           // Private or Public
	FIPS      bool    `json:"fips"`              // the host name asks for FIPS 140 endpoints
	DualStack bool    `json:"dualStack"`         // the host name asks for IPv4 and IPv6 endpoints
}

// Parse says which registry a server URL names. The URL is a host, with or
// without http:// or https://, port, path, one trailing dot, white space around
// it, and in any case. Every error wraps [ErrNotECR] and says why.
func Parse(serverURL string) (Registry, error) {
	return Parser{}.Parse(serverURL)
}

// Host is the registry's canonical host name: [Parse] of it gives r again. It
// is empty when r is nothing that Parse returns, as is a registry in a
// partition that only a [Suffix] names; [Parser.Host] knows those.
func (r Registry) Host() string { return Parser{}.Host(r) }

// Parser is [Parse] with the DNS suffixes of further partitions. The zero
// value is Parse itself.
type Parser struct {
	// Suffixes are the partitions that the user's settings add. The first entry
	// that names a suffix counts. One that [Suffix.Validate] refuses is ignored.
	Suffixes []Suffix
}

// Parse is [Parse], which see.
func (p Parser) Parse(serverURL string) (Registry, error) {
	a, problem := splitServerURL(serverURL)
	if problem != "" {
		return Registry{}, &notECR{problem}
	}
	var r Registry
	if problem := p.parseHost(&r, a.host); problem != "" {
		return Registry{}, &notECR{blame(a.host, problem)}
	}
	return r, nil
}

// Host is [Registry.Host], which see, with the suffixes of p.
func (p Parser) Host(r Registry) string {
	if r.Service == Public {
		if r.DualStack {
			return p.confirm(publicHostDualStack, r)
		}
		return p.confirm(publicHost, r)
	}
	if home := partitionNamed(r.Partition); home != nil {
		return p.confirm(home.format(r), r)
	}
	for _, s := range p.Suffixes {
		if s.Partition != r.Partition {
			continue
		}
		if host := p.confirm(r.Account+".dkr.ecr."+r.Region+"."+s.Suffix, r); host != "" {
			return host
		}
	}
	return ""
}

// confirm returns host if it names r and nothing else, so that no value made by
// hand, such as a FIPS registry in China, turns into somebody's host name.
func (p Parser) confirm(host string, r Registry) string {
	if got, err := p.Parse(host); err != nil || got != r {
		return ""
	}
	return host
}

// parseHost takes a lower-case host apart. The problem is empty when there is
// none, and r means nothing when there is one.
func (p Parser) parseHost(r *Registry, host string) (problem string) {
	if host == publicHost || host == publicHostDualStack {
		r.Region, r.Partition, r.Service = publicRegion, "aws", Public
		r.DualStack = host == publicHostDualStack
		return ""
	}
	const digits = 12 // of an account
	if len(host) <= digits || host[digits] != '.' || !isDigits(host[:digits]) {
		return "the host does not begin with a twelve-digit account"
	}
	rest := host[digits+1:]
	// dkr-ecr is how dual-stack hosts are named.
	service := "dkr-ecr"
	rest, hyphen := strings.CutPrefix(rest, service)
	if !hyphen {
		var dotted bool
		service = "dkr.ecr"
		if rest, dotted = strings.CutPrefix(rest, service); !dotted {
			return "the account is not followed by dkr.ecr or dkr-ecr"
		}
	}
	rest, fips := strings.CutPrefix(rest, "-fips")
	rest, ended := strings.CutPrefix(rest, ".")
	region, suffix, _ := strings.Cut(rest, ".")
	if !ended || suffix == "" {
		return "the host has no region and DNS suffix after " + service
	}

	r.Account, r.Region, r.Service, r.FIPS = host[:digits], region, Private, fips
	home := partitionOf(region)
	if home != nil && (home.fips || !fips) {
		r.Partition = home.name
		if suffix == home.suffix && !hyphen {
			return ""
		}
		if suffix == home.dualStack && (hyphen || home.dottedDualStack) {
			r.DualStack = true
			return ""
		}
	}
	if !hyphen && !fips && isRegion(region) {
		if r.Partition = p.partitionUnder(suffix); r.Partition != "" {
			return ""
		}
	}
	if home == nil {
		return "no partition has a region of the form " + strconv.Quote(region)
	}
	if fips {
		service += "-fips"
	}
	return "partition " + home.name + " has no hosts like " + strconv.Quote("ID."+service+".REGION."+suffix)
}

// partitionUnder is the name of the partition that the settings put under a
// suffix, "" when there is none.
func (p Parser) partitionUnder(suffix string) string {
	for _, s := range p.Suffixes {
		if s.Suffix == suffix && s.Validate() == nil {
			return s.Partition
		}
	}
	return ""
}
