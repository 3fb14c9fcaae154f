// Package config reads the settings of the credential helper: a TOML file and a few environment
// variables. It finds the registry and the rule for a server URL.
//
// Promise: everything works without a file, and a file that exists is used or reported. Only the
// first file found is read. An unknown key, an invalid value and a pattern that is no host are
// errors with the file and the line, so that a typing mistake is never ignored. Only two kinds of
// hosts get a token: Amazon ECR's own host names, and the names in a rule with host, which the user
// wrote.
//
// Limits: the package does not check whether a profile, a role or an endpoint exists. It reads no
// file of the AWS SDK and makes no request. docs/configuration.md describes the keys and variables,
// and a test compares it with this package.
//
// The AWS_ECR_* variables are those of awslabs/amazon-ecr-credential-helper, with the same meaning.
package config

import (
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// The values of Settings.Public: when a token is used for ECR Public, which allows anonymous pulls.
const (
	PublicAuto   = "auto"   // when credentials are found and AWS issues a token
	PublicAlways = "always" // always: missing credentials or a refusal by AWS are errors
	PublicNever  = "never"  // never: pulls are anonymous
)

// The values of Settings.Sealing: where the key that encrypts cached tokens may be stored.
const (
	SealingAuto     = "auto"     // in the safest place available
	SealingRequired = "required" // not on the disk; without such a place nothing is cached on disk
)

const (
	// DefaultTimeout is the time limit of one get. Container clients have none of their own, except
	// the kubelet, which waits for a minute.
	DefaultTimeout = 15 * time.Second

	// MaxImageTimeout is the time limit of a request of a kubelet, unless a shorter timeout is set.
	// A kubelet stops a credential provider after a minute, and then has no error to log.
	MaxImageTimeout = 30 * time.Second

	// minTimeout is too short for any request to AWS, and a client that waits for maxTimeout looks
	// broken. Values outside are typing mistakes.
	minTimeout = 100 * time.Millisecond
	maxTimeout = 10 * time.Minute
)

// Settings are the user's settings. [Load] and [Default] return complete ones. In a value that a Go
// program creates, a zero field has the meaning given here.
type Settings struct {
	// Path is the file that was read; empty if no file was found.
	Path string

	// Timeout is the time limit of one get; zero means DefaultTimeout.
	Timeout time.Duration

	// ImageTimeout is the time limit of one request of a kubelet. Zero means Timeout, but at most
	// MaxImageTimeout.
	ImageTimeout time.Duration

	// Fallback is the name of the credential helper for hosts that are not ECR, without the prefix
	// docker-credential-. Empty means no fallback helper.
	Fallback string

	// Public is PublicAuto, PublicAlways or PublicNever; empty means PublicAuto.
	Public string

	// Sealing is SealingAuto or SealingRequired; empty means SealingAuto.
	Sealing string

	// Cache is whether tokens are cached on disk. The zero value is false; Default sets it.
	Cache bool

	// CacheDir is the cache directory; empty means the default directory.
	CacheDir string

	// IgnoreStore makes store and erase succeed without an effect.
	IgnoreStore bool

	// Rules are the rules of the file in their order. The first one that matches is used.
	Rules []Rule

	// Partitions are the DNS suffixes of partitions that the program does not know.
	Partitions []registry.Suffix
}

// Rule defines how a token is requested for the registries that it matches. All text fields except
// Match and Host may contain placeholders.
type Rule struct {
	Line  int    // the line of the file where the rule begins; 0 without a file
	Match string // pattern in lower case; docs/configuration.md describes its forms

	Profile     string // AWS profile
	RoleARN     string // role to assume with the profile's credentials
	ExternalID  string // external ID for the role
	SessionName string // session name for the role
	Region      string // region of STS

	Host      string // ECR host of the matched names, which makes them aliases
	Endpoint  string // URL of the ECR API
	FIPS      *bool  // FIPS endpoint; nil means that the host name decides
	DualStack *bool  // dual-stack endpoint; nil means that the host name decides
}

// Default returns the settings without a file and environment variables.
func Default() Settings {
	return Settings{Timeout: DefaultTimeout, ImageTimeout: MaxImageTimeout, Public: PublicAuto, Sealing: SealingAuto, Cache: true}
}

// Parser returns the parser of server URLs with the partitions of s.
func (s Settings) Parser() registry.Parser {
	return registry.Parser{Suffixes: s.Partitions}
}
