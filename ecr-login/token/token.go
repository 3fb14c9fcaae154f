// Package token fetches Amazon ECR authorization tokens.
//
// A Fetch resolves credentials once, as the AWS CLI does, makes one GetAuthorizationToken call to
// the endpoint that the registry's host name implies, and returns a checked user name and password
// with the times that a cache needs. If it fails, it returns an *Error that describes the failure
// in one line without secrets.
//
// Limits: it stores nothing between calls and takes no lock of its own. It reads the AWS
// environment variables and shared files of the process. It prompts for no MFA code. It follows no
// redirect. It calls credential endpoints on link-local and loopback addresses without a proxy.
//
// The rules come from the Amazon ECR API reference (GetAuthorizationToken: base64 of "AWS:" and the
// password, valid for twelve hours, of no fixed size, valid for every registry the principal may
// access, so registryIds is never sent) and from the SDK's source: which variable has precedence,
// which endpoint a region has, when a session is refreshed.
package token

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// defaultMetadataTimeout is the default of Client.MetadataTimeout. Where the EC2 instance metadata
// service exists, it accepts a connection within milliseconds. Where it does not, packets may be
// dropped without a response, and the SDK alone would wait five seconds.
const defaultMetadataTimeout = time.Second

// DefaultSessionName is the role session name of a request with RoleARN or WebIdentity that has
// none. CloudTrail shows it.
const DefaultSessionName = "docker-credential-ecr-login"

// Request describes the registry and the principal of a token.
type Request struct {
	Registry registry.Registry // region, service, FIPS and DualStack decide the endpoint

	Profile string // AWS profile; "" lets the SDK decide (AWS_PROFILE, AWS_DEFAULT_PROFILE, default)

	RoleARN     string // a role to assume with the credentials found first; "" for none
	ExternalID  string // the external ID for RoleARN
	SessionName string // the role session name; "" is DefaultSessionName

	STSRegion string // region of every STS call; "" is the profile's region, else the registry's

	// Endpoint replaces the endpoint of the ECR call. If it is empty, the first of these is used:
	// AWS_ENDPOINT_URL_ECR or AWS_ENDPOINT_URL_ECR_PUBLIC, AWS_ENDPOINT_URL, the profile's services
	// section, its endpoint_url.
	Endpoint string

	WebIdentity *WebIdentity // if set, the only source of credentials

	// Once makes a refusal by throttling or a server error final. Otherwise such a call is repeated
	// until nine tenths of the time until the context's deadline are used. Set it if a valid token
	// can be served instead.
	Once bool
}

// WebIdentity is the token of a service account that STS exchanges for credentials of a role, as
// the kubelet passes it to a credential provider.
type WebIdentity struct {
	Token       string
	RoleARN     string
	SessionName string // "" is DefaultSessionName
}

// HTTPClient sends requests, as *http.Client does.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// Client fetches tokens. The zero value works, and a Client is safe for concurrent use.
type Client struct {
	Version string // the program's version, for the user agent docker-credential-ecr-login/Version

	// UserAgent is added to the user agent, such as "flux/2.7"; "" adds nothing.
	UserAgent string

	// Config is the configuration for all calls to AWS. Its endpoint and its FIPS and dual-stack
	// settings take precedence over those of the registry's host name. No AWS environment variable
	// and no AWS file is read then. Nil reads them.
	Config *aws.Config

	// HTTPClient sends the calls to ECR, STS, IAM Identity Center and sign-in. Nil means the client
	// of Config, or a client that uses the environment's proxies, AWS_CA_BUNDLE and the profile's
	// ca_bundle. A *http.Client is used without following redirects. The credential endpoints of
	// EC2 and of containers are always called with a client of this package.
	HTTPClient HTTPClient

	Log *slog.Logger     // nil for no log
	Now func() time.Time // nil for time.Now

	// SessionLock is taken while credentials are resolved, if that refreshes an SSO session or an
	// `aws login` session. A refresh uses up a refresh token, so two processes must not do it at
	// once. The name is the path of the session's token cache file. An error means that ctx ended.
	// Nil is no lock.
	SessionLock func(ctx context.Context, name string) (unlock func(), err error)

	// MetadataTimeout is how long the EC2 instance metadata service may take to accept a
	// connection. A service that has accepted one may take twice as long for each response. Time in
	// which this process could not run does not count. Unless the machine looks like EC2, a service
	// that fails to do so once is not called again during the Fetch. 0 is one second.
	MetadataTimeout time.Duration

	// DMI is the directory in which Linux describes the machine, which shows whether it looks like
	// EC2. "" is /sys/class/dmi/id.
	DMI string

	// clients has the HTTP client that sends the calls, by what it is made from, so that the
	// fetches of a Client share connections.
	clients sync.Map
}

// Token is an authorization token.
type Token struct {
	Username string
	Password string

	Fetched time.Time // local time of the response

	// Lifetime is how long the token is valid after Fetched, by the server's clock. It may be zero
	// or negative: such a token can be tried once.
	Lifetime time.Duration

	// Session is how long the credentials that fetched the token are valid after Fetched, at least
	// a second. It is 0 if they do not expire, as far as is known.
	Session time.Duration

	Skew time.Duration // the server's clock minus the local one; 0 if the response has no date
}

// String returns a text without the password, for a Token that is printed by mistake.
func (Token) String() string { return "[token]" }

// GoString returns the same text as String.
func (Token) GoString() string { return "[token]" }

// LogValue returns the same text as String.
func (Token) LogValue() slog.Value { return slog.StringValue("[token]") }

// Fetch resolves AWS credentials and fetches an authorization token. It ends when ctx ends. Every
// error it returns is an *Error.
func (c *Client) Fetch(ctx context.Context, r Request) (Token, error) {
	f := newFetch(c, r)
	token, err := f.run(ctx)
	if err != nil {
		return Token{}, f.explain(ctx, err)
	}
	return token, nil
}
