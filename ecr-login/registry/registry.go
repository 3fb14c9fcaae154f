// Package registry parses the server URLs of Amazon ECR registries.
//
// Promise: [Parse] accepts exactly the host names under which AWS serves ECR registries, in every
// spelling that container clients use for them. The owner of an accepted host receives an
// authorization token, so a host is compared label by label from beginning to end, and never
// searched for a pattern.
//
// Limits: the package does not check whether the account, the registry or the region exists. It
// accepts every region whose name has the form of its partition's regions, so that a new region
// works at once. A new partition needs a [Suffix]. It reads no file and no environment variable,
// and makes no request.
//
// The host names are those of the AWS General Reference (gr/ecr.html), of
// kubernetes/cloud-provider-aws and of awslabs/amazon-ecr-credential-helper.
package registry

import (
	"errors"
	"strconv"
	"strings"
)

// ErrNotECR is wrapped by every error of [Parse].
var ErrNotECR = errors.New("not an Amazon ECR registry")

// notECR is ErrNotECR with the reason. The reason never contains user info, which may hold a
// password.
type notECR struct{ reason error }

func (e *notECR) Error() string { return ErrNotECR.Error() + ": " + e.reason.Error() }
func (e *notECR) Unwrap() error { return ErrNotECR }

// Service is the kind of a registry: private or public.
type Service string

// The two services that issue authorization tokens.
const (
	Private Service = "ecr"
	Public  Service = "ecr-public"
)

// The host names of ECR Public.
const (
	PublicHost          = "public.ecr.aws"
	PublicHostDualStack = "ecr-public.aws.com"
)

// publicRegion is the only region with the API of ECR Public.
const publicRegion = "us-east-1"

// Registry is an Amazon ECR registry, as its host name describes it.
type Registry struct {
	Account   string  `json:"account,omitempty"` // twelve digits; empty for ECR Public
	Region    string  `json:"region"`            // the region that issues tokens; us-east-1 for ECR Public
	Partition string  `json:"partition"`         // "aws", "aws-cn", "aws-us-gov", "aws-iso", ...
	Service   Service `json:"service"`           // Private or Public
	FIPS      bool    `json:"fips"`              // the host name is that of FIPS 140 endpoints
	DualStack bool    `json:"dualStack"`         // the host name is that of IPv4 and IPv6 endpoints
}

// Parse returns the registry of a server URL: a host name, with or without http:// or https://,
// port, path, one trailing dot and surrounding white space, in upper or lower case. Every error
// wraps [ErrNotECR] and gives the reason.
func Parse(serverURL string) (Registry, error) {
	return Parser{}.Parse(serverURL)
}

// PublicRegistry returns the registry of ECR Public.
func PublicRegistry() Registry {
	return Registry{Region: publicRegion, Partition: "aws", Service: Public}
}

// Host returns the registry's canonical host name, for which [Parse] returns r again. It returns an
// empty string when r is not a value that Parse returns. For a registry in a partition of a
// [Suffix] use [Parser.Host].
func (r Registry) Host() string { return Parser{}.Host(r) }

// Parser parses server URLs, including those in additional partitions. The zero value has none.
type Parser struct {
	// Suffixes are the DNS suffixes of additional partitions. The first entry for a suffix is used.
	// An entry that [Suffix.Validate] rejects is ignored.
	Suffixes []Suffix
}

// Parse is [Parse] with the suffixes of p.
func (p Parser) Parse(serverURL string) (Registry, error) {
	_, r, err := p.parse(serverURL)
	return r, err
}

// ParseHost returns the host of a server URL, as [Host] does, and its registry, as [Parser.Parse]
// does. For a well-formed host that is not ECR it returns the host and an error that wraps
// [ErrNotECR]; for any other server URL an empty host and such an error.
func (p Parser) ParseHost(serverURL string) (host string, r Registry, err error) {
	a, r, err := p.parse(serverURL)
	if err != nil && a.validate() != nil {
		return "", r, err
	}
	return a.normalized(), r, err
}

func (p Parser) parse(serverURL string) (address, Registry, error) {
	a, err := splitServerURL(serverURL)
	if err != nil {
		return address{}, Registry{}, &notECR{malformed(err)}
	}
	r, err := p.parseHost(a.host)
	if err != nil {
		return a, Registry{}, &notECR{explain(a.host, err)}
	}
	return a, r, nil
}

// Host is [Registry.Host] with the suffixes of p.
func (p Parser) Host(r Registry) string {
	if r.Service == Public {
		if r.DualStack {
			return p.confirm(PublicHostDualStack, r)
		}
		return p.confirm(PublicHost, r)
	}
	if home := partitionNamed(r.Partition); home != nil {
		return p.confirm(home.host(r), r)
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

// confirm returns host if it parses to exactly r, and otherwise an empty string. For example, a
// FIPS registry in China has no host name.
func (p Parser) confirm(host string, r Registry) string {
	if got, err := p.Parse(host); err != nil || got != r {
		return ""
	}
	return host
}

// parseHost parses a lower-case host name. Its error is the reason why the host is not ECR.
func (p Parser) parseHost(host string) (Registry, error) {
	if host == PublicHost || host == PublicHostDualStack {
		r := PublicRegistry()
		r.DualStack = host == PublicHostDualStack
		return r, nil
	}
	const digits = 12 // of an account
	if len(host) <= digits || host[digits] != '.' || !isDigits(host[:digits]) {
		return Registry{}, errors.New("the host does not begin with a twelve-digit account")
	}
	rest := host[digits+1:]
	// The hosts of dual-stack registries have dkr-ecr.
	service := "dkr-ecr"
	rest, hyphen := strings.CutPrefix(rest, service)
	if !hyphen {
		var dotted bool
		service = "dkr.ecr"
		if rest, dotted = strings.CutPrefix(rest, service); !dotted {
			return Registry{}, errors.New("the account is not followed by dkr.ecr or dkr-ecr")
		}
	}
	rest, fips := strings.CutPrefix(rest, "-fips")
	rest, ended := strings.CutPrefix(rest, ".")
	region, suffix, _ := strings.Cut(rest, ".")
	if !ended || suffix == "" {
		return Registry{}, errors.New("the host has no region and DNS suffix after " + service)
	}

	r := Registry{Account: host[:digits], Region: region, Service: Private, FIPS: fips}
	home := partitionOf(region)
	if home != nil && (home.fips || !fips) {
		r.Partition = home.name
		if suffix == home.suffix && !hyphen {
			return r, nil
		}
		if suffix == home.dualStack && (hyphen || home.dottedDualStack) {
			r.DualStack = true
			return r, nil
		}
	}
	if !hyphen && !fips && isRegion(region) {
		if r.Partition = p.partitionUnder(suffix); r.Partition != "" {
			return r, nil
		}
	}
	if home == nil {
		return Registry{}, errors.New("no partition has a region of the form " + strconv.Quote(region))
	}
	if fips {
		service += "-fips"
	}
	return Registry{}, errors.New("partition " + home.name + " has no hosts like " + strconv.Quote("ID."+service+".REGION."+suffix))
}
