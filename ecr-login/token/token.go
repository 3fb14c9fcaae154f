// Package token asks AWS for an Amazon ECR authorization token.
//
// Its promise: one Fetch resolves credentials once, the way the AWS SDK for Go
// resolves them, makes one GetAuthorizationToken call to the endpoint the
// registry's host name stands for, and returns a user name and password that
// were checked, with the times a cache needs. When it fails it says what
// failed, in one line without secrets, as an *Error.
//
// Its limits: it keeps nothing between calls and takes no lock of its own; the
// AWS environment variables and shared files are those of the process, because
// the SDK reads them itself; it asks for no MFA code; an instance metadata
// service that is slower than MetadataTimeout counts as absent unless the
// machine looks like EC2.
//
// Rules come from the Amazon ECR API reference (GetAuthorizationToken: base64
// of "AWS:" and the password, valid twelve hours, of no fixed size, good for
// every registry the principal may reach, so registryIds is never sent) and
// from the SDK's own sources: which variable wins, which endpoint a region
// has, when a session is renewed.
package token

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// DefaultMetadataTimeout bounds all calls to the EC2 instance metadata service
// together on a machine that does not look like EC2. The service answers
// within milliseconds where it exists, and where it does not the SDK alone
// would wait five seconds for packets nobody answers.
const DefaultMetadataTimeout = time.Second

// DefaultSessionName is the role session name that appears in CloudTrail when
// a request with RoleARN or WebIdentity names none.
const DefaultSessionName = "docker-credential-ecr-login"

// Request says for which registry a token is wanted, and as whom.
type Request struct {
	Registry registry.Registry // region, service, FIPS and DualStack decide the endpoint

	Profile string // AWS profile; "" lets the SDK decide (AWS_PROFILE, AWS_DEFAULT_PROFILE, default)

	RoleARN     string // a role to assume from the credentials found first; "" for none
	ExternalID  string // passed on when RoleARN is assumed
	SessionName string // role session name; "" is DefaultSessionName

	STSRegion string // region of every STS call; "" is the profile's region, else the registry's

	// Endpoint replaces the endpoint of the ECR call. "" leaves it to
	// AWS_ENDPOINT_URL_ECR or AWS_ENDPOINT_URL_ECR_PUBLIC, AWS_ENDPOINT_URL, the
	// profile's services section and its endpoint_url, in that order.
	Endpoint string

	WebIdentity *WebIdentity // when set, the only source of credentials
}

// WebIdentity is a service account's token that STS exchanges for a role, as
// the kubelet passes it to a credential provider.
type WebIdentity struct {
	Token       string
	RoleARN     string
	SessionName string // "" is DefaultSessionName
}

// HTTPClient is what Client sends requests with: *http.Client, for example.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// Client fetches tokens. The zero value works, and a Client is safe for
// concurrent use.
type Client struct {
	Version string // of the program; the user agent says docker-credential-ecr-login/Version

	// HTTPClient sends the calls to ECR, STS, IAM Identity Center and sign-in.
	// Nil is the SDK's own client, which honours proxies, AWS_CA_BUNDLE and the
	// profile's ca_bundle. The metadata services of EC2 and of containers are
	// always asked with the SDK's own client.
	HTTPClient HTTPClient

	Log *slog.Logger     // nil: silent
	Now func() time.Time // nil: time.Now

	// RenewLock is taken round the retrieval of credentials when, and only when,
	// the profile chain rests on an SSO session or an `aws login` session that
	// must be renewed now: renewing uses up a refresh token, so two processes
	// must not do it at once. The name is the path of the session's token cache
	// file. An error means that ctx ended. Nil: no lock.
	RenewLock func(ctx context.Context, name string) (unlock func(), err error)

	MetadataTimeout time.Duration // 0: DefaultMetadataTimeout

	// DMI is the folder in which Linux describes the machine; "" is
	// /sys/class/dmi/id. It tells whether the machine looks like EC2.
	DMI string
}

// Token is the answer to one Fetch.
type Token struct {
	Username string
	Password string

	Fetched time.Time // local time of the answer

	// Lifetime is how long the token lives from Fetched on, by the server's
	// clock. It may be zero or negative: such a token can be tried once.
	Lifetime time.Duration

	// Session is what the credentials that fetched the token had left, counted
	// from Fetched; at least a second. 0: they do not end, as far as is known.
	Session time.Duration

	Skew time.Duration // the server's clock minus the local one; 0 when the answer had no date
}

// String keeps the password out of whatever prints a Token by mistake. GoString and LogValue do the same for the verbs
// and the logger that would not ask for it.
func (Token) String() string       { return "[token]" }
func (Token) GoString() string     { return "[token]" }
func (Token) LogValue() slog.Value { return slog.StringValue("[token]") }

// Fetch resolves AWS credentials and asks for an authorization token. It ends
// when ctx ends. Every error it returns is an *Error.
func (c *Client) Fetch(ctx context.Context, r Request) (Token, error) {
	f := newFetch(c, r)
	token, err := f.run(ctx)
	if err != nil {
		return Token{}, f.explain(ctx, err)
	}
	return token, nil
}
