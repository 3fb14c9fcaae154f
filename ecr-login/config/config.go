// Package config is the helper's own settings: a small TOML file and a few
// environment variables, and what they say about a server URL.
//
// Its promise: without a file everything works, and a file that is there is
// obeyed or reported. The first file found is used alone. A key nobody knows, a
// value that cannot be meant and a rule that can never match are errors which
// name the file and the line, so that a slip of the pen never silently means "no
// settings". A token goes to Amazon ECR's own host names and, through a rule
// with host, to names the user wrote down, and to no others.
//
// Its limits: whether a profile, a role or an endpoint exists is not known here.
// Nothing here reads the AWS SDK's files or calls the network. What the keys and
// variables mean is written for people in docs/configuration.md, which a test
// holds to this package.
//
// The AWS_ECR_* variables are those of awslabs/amazon-ecr-credential-helper,
// with their meaning.
package config

import (
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// When a token is used for ECR Public, whose images can be pulled without one.
const (
	PublicAuto   = "auto"   // when there are credentials and AWS grants it
	PublicAlways = "always" // no credentials, or a refusal, is an error
	PublicNever  = "never"  // anonymous
)

// Where the key that seals cached tokens may live.
const (
	SealingAuto     = "auto"     // the best place there is
	SealingRequired = "required" // off the disk, or there is no disk cache
)

const (
	// DefaultTimeout is the total budget of one get: clients have none of their
	// own but for the kubelet, which waits a minute.
	DefaultTimeout = 15 * time.Second

	// minTimeout and maxTimeout are what can be meant. Less is not enough for one
	// call to AWS, and a client that hangs for longer is taken for broken.
	minTimeout = 100 * time.Millisecond
	maxTimeout = 10 * time.Minute
)

// Settings are what the user decided. [Load] makes them; the zero value is no
// useful one.
type Settings struct {
	// Path is the file that was read, empty when there is none.
	Path string

	// Timeout is the total budget of one get.
	Timeout time.Duration

	// Fallback is the name of the credential helper that gets the hosts which are
	// not ECR, without docker-credential-. Empty: none.
	Fallback string

	Public  string // PublicAuto, PublicAlways or PublicNever
	Sealing string // SealingAuto or SealingRequired

	// Cache is false when nothing may be kept on disk.
	Cache bool

	// CacheDir is where to keep it. Empty: the cache's own choice.
	CacheDir string

	// IgnoreStore makes store and erase succeed without doing anything.
	IgnoreStore bool

	// Rules are those of the file in its order: the first that matches counts.
	Rules []Rule

	// Partitions are the DNS suffixes of partitions the program does not know.
	Partitions []registry.Suffix
}

// Rule says how to get a token for the registries it matches. Of the text
// fields, all but Match and Host may have placeholders.
type Rule struct {
	Line  int    // where in the file it begins
	Match string // lower case; docs/configuration.md has its forms

	Profile     string // AWS profile
	RoleARN     string // role to assume with the profile's credentials
	ExternalID  string // for that role
	SessionName string // for that role
	Region      string // of STS

	Host      string // ECR host behind the names matched, which makes them aliases
	Endpoint  string // of the ECR API
	FIPS      *bool  // nil: as the host name says
	DualStack *bool  // nil: as the host name says
}

// Parser is the parser of server URLs that knows the partitions in s.
func (s Settings) Parser() registry.Parser {
	return registry.Parser{Suffixes: s.Partitions}
}
