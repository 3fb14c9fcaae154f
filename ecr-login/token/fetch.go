package token

import (
	"context"
	"crypto/fips140"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// idleConnection is how long a connection outlives its last use. Within one
// Fetch calls follow each other at once; the next Fetch comes in hours.
const idleConnection = 5 * time.Second

// processGrace is how long before the deadline a credential_process is killed:
// this process may end with the deadline, and must not leave one behind that
// holds the standard error for which others wait.
const processGrace = 100 * time.Millisecond

// maxRoles is how many roles may stand one behind the other in a profile, each
// with a client that must learn the server's time when the local one is wrong.
const maxRoles = 4

// A fetch is one run of Fetch.
type fetch struct {
	client  *Client
	request Request
	log     *slog.Logger
	now     func() time.Time
	wire    *wire
	started time.Time

	endpoints endpoints                             // what the SDK read; zero before it did
	sources   sources                               // where credentials come from; zero before that is known
	found     aws.Credentials                       // what resolve found
	secrets   []string                              // never to be seen in a message
	proxy     func(*http.Request) (*url.URL, error) // of the HTTP client in use; nil when unknown
}

func newFetch(c *Client, r Request) *fetch {
	f := &fetch{client: c, request: r, log: c.Log, now: c.Now, wire: &wire{version: c.Version, ecr: "asking ECR"}}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	f.wire.log = f.log
	if f.now == nil {
		f.now = time.Now
	}
	if r.Registry.Service == registry.Public {
		f.wire.ecr = "asking ECR Public"
	}
	if !looksLikeEC2(c.DMI) {
		f.wire.metadata = c.MetadataTimeout
		if f.wire.metadata == 0 {
			f.wire.metadata = DefaultMetadataTimeout
		}
	}
	if r.WebIdentity != nil {
		f.secrets = append(f.secrets, r.WebIdentity.Token)
	}
	f.started = time.Now()
	return f
}

func (f *fetch) run(ctx context.Context) (Token, error) {
	cfg, err := f.configure(ctx)
	if err != nil {
		return Token{}, err
	}
	// The client comes before the credentials: its HTTP client is the one that
	// STS and the others are sent through.
	ask, err := f.ecr(cfg, aws.CredentialsProviderFunc(f.handOut))
	if err != nil {
		return Token{}, err
	}
	if err := f.resolve(ctx, cfg); err != nil {
		return Token{}, err
	}
	a, metadata, err := ask(ctx)
	if f.learned(err) {
		a, metadata, err = ask(ctx)
	}
	if err != nil {
		return Token{}, err
	}
	return f.token(ctx, a, metadata, f.found)
}

// configure loads the AWS configuration, as a stage of its own.
func (f *fetch) configure(ctx context.Context) (aws.Config, error) {
	loading := f.stage("loading the AWS configuration")
	cfg, err := f.load(ctx)
	loading(err)
	return cfg, err
}

// resolve finds the credentials that handOut then gives to the client.
func (f *fetch) resolve(ctx context.Context, cfg aws.Config) error {
	resolving := f.stage("resolving AWS credentials")
	found, err := f.credentials(ctx, cfg)
	for try := 0; try < maxRoles && isSkewed(err); try++ {
		found, err = f.credentials(ctx, cfg)
	}
	resolving(err)
	if err != nil {
		return err
	}
	f.found = found
	f.secrets = append(f.secrets, found.SecretAccessKey, found.SessionToken)
	f.log.DebugContext(ctx, "aws credentials resolved", "source", found.Source, "after", time.Since(f.started))
	return nil
}

// handOut is a credentials provider: what resolve found.
func (f *fetch) handOut(context.Context) (aws.Credentials, error) { return f.found, nil }

// learned reports whether a refusal has taught the client the server's time,
// with which it signs from now on. Within one call the SDK tries again by itself
// only for the codes that cannot mean anything else, which this leaves to it.
func (f *fetch) learned(err error) bool {
	var refused smithy.APIError
	return errors.As(err, &refused) && skewed("InvalidSignatureException", refused.ErrorMessage())
}

// isSkewed reports whether AWS refused the time of a signature. It is worth
// another call: the client has learned the server's time from the refusal and
// signs with it from now on; within one call the SDK does so for some codes only.
func isSkewed(err error) bool {
	var refused smithy.APIError
	return errors.As(err, &refused) && skewed(refused.ErrorCode(), refused.ErrorMessage())
}

// stage marks something being done that is no API call. It stays when it
// failed: then it is the one to tell, unless a call inside it failed.
func (f *fetch) stage(words string) (done func(error)) {
	s := &stage{words: words}
	f.wire.enter(s)
	start := time.Now()
	return func(err error) {
		f.log.Debug("stage", "stage", words, "ok", err == nil, "took", time.Since(start))
		if err == nil {
			f.wire.leave(s)
		}
	}
}

// load reads the AWS configuration once, for everything that follows.
func (f *fetch) load(ctx context.Context) (aws.Config, error) {
	retune := func(o *stscreds.AssumeRoleOptions) {
		if client, ok := o.Client.(*sts.Client); ok {
			o.Client = sts.New(client.Options(), f.tuneSTS)
		}
	}
	retuneWebIdentity := func(o *stscreds.WebIdentityRoleOptions) {
		if client, ok := o.Client.(*sts.Client); ok {
			o.Client = sts.New(client.Options(), f.tuneSTS)
		}
	}
	base := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.IdleConnTimeout = idleConnection
		t.OnProxyConnectResponse = RefuseProxy
	})
	options := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}), // by default the SDK writes warnings to standard error
		config.WithHTTPClient(base),
		config.WithDefaultRegion(f.request.Registry.Region),
		// Only credentials are asked of the metadata service: AWS_DEFAULTS_MODE=auto
		// would ask it for a region, also where nobody answers.
		config.WithDefaultsMode("", func(o *config.DefaultsModeOptions) {
			o.IMDSClient = imds.New(imds.Options{ClientEnableState: imds.ClientDisabled})
		}),
		config.WithAPIOptions([]func(*middleware.Stack) error{f.wire.attach(ctx)}),
		config.WithAssumeRoleCredentialOptions(retune),
		config.WithSSOProviderOptions(func(o *ssocreds.Options) {
			if o.SSOTokenProvider == nil {
				o.CachedTokenFilepath, _ = ssoTokenFile(o.StartURL)
			}
		}),
		config.WithWebIdentityRoleCredentialOptions(retuneWebIdentity),
	}
	if deadline, ok := ctx.Deadline(); ok {
		options = append(options, config.WithProcessCredentialOptions(func(o *processcreds.Options) {
			o.Timeout = max(time.Until(deadline)-processGrace, 0)
		}))
	}
	if f.request.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(f.request.Profile))
	}
	if f.request.WebIdentity != nil {
		// No credential chain at all: it could fail, and is not wanted.
		options = append(options, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	}
	var cfg aws.Config
	var err error
	fips140.WithoutEnforcement(func() { cfg, err = config.LoadDefaultConfig(ctx, options...) })
	if err != nil {
		return aws.Config{}, &configError{err}
	}
	for _, source := range cfg.ConfigSources {
		switch s := source.(type) {
		case config.EnvConfig:
			f.endpoints.env = s
		case config.SharedConfig:
			f.endpoints.shared = s
		}
	}
	f.endpoints.ignored, _, _ = config.GetIgnoreConfiguredEndpoints(ctx, cfg.ConfigSources)
	f.wire.endpoint = f.endpoints.of
	f.sources = sourcesOf(cfg.Credentials, f.endpoints.shared)
	f.secrets = append(f.secrets, f.endpoints.env.Credentials.SecretAccessKey, f.endpoints.env.Credentials.SessionToken,
		f.endpoints.env.ContainerAuthorizationToken)
	for shared := &f.endpoints.shared; shared != nil; shared = shared.Source {
		f.secrets = append(f.secrets, shared.Credentials.SecretAccessKey, shared.Credentials.SessionToken)
	}
	return cfg, nil
}

// ecr builds the client for the registry's service and returns its one call.
func (f *fetch) ecr(cfg aws.Config, credentials aws.CredentialsProvider) (func(context.Context) (answer, middleware.Metadata, error), error) {
	override, err := f.ecrEndpoint()
	if err != nil {
		return nil, err
	}
	if f.request.Registry.Service == registry.Public {
		client := ecrpublic.NewFromConfig(cfg, f.tuneECRPublic(override), func(o *ecrpublic.Options) {
			o.Credentials = credentials
			f.sendThrough(o.HTTPClient)
		})
		return func(ctx context.Context) (answer, middleware.Metadata, error) {
			out, err := client.GetAuthorizationToken(ctx, &ecrpublic.GetAuthorizationTokenInput{})
			if err != nil {
				return answer{}, middleware.Metadata{}, err
			}
			if out.AuthorizationData == nil {
				return answer{}, out.ResultMetadata, nil
			}
			data := out.AuthorizationData
			return answer{true, data.AuthorizationToken, data.ExpiresAt}, out.ResultMetadata, nil
		}, nil
	}
	client := ecr.NewFromConfig(cfg, f.tuneECR(override), func(o *ecr.Options) {
		o.Credentials = credentials
		f.sendThrough(o.HTTPClient)
	})
	return func(ctx context.Context) (answer, middleware.Metadata, error) {
		out, err := client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
		if err != nil {
			return answer{}, middleware.Metadata{}, err
		}
		if len(out.AuthorizationData) == 0 {
			return answer{}, out.ResultMetadata, nil
		}
		data := out.AuthorizationData[0]
		return answer{true, data.AuthorizationToken, data.ExpiresAt}, out.ResultMetadata, nil
	}, nil
}

// sendThrough settles which HTTP client all AWS calls of this Fetch use: the
// caller's, or built, the one the SDK made for the ECR client.
func (f *fetch) sendThrough(built HTTPClient) {
	if f.client.HTTPClient != nil {
		built = f.client.HTTPClient
	}
	f.proxy = proxyOf(built)
	f.wire.http = reusing{built}
}

// token turns an answer into a Token, or says why it is none.
func (f *fetch) token(ctx context.Context, a answer, metadata middleware.Metadata, credentials aws.Credentials) (Token, error) {
	fetched := f.now()
	server, ok := awsmiddleware.GetServerTime(metadata)
	if !ok {
		server = fetched
	}
	username, password, reason := decode(a)
	if reason != "" {
		return Token{}, &Error{Kind: UnusableAnswer, Message: f.peer(f.wire.last()) + " sent an unusable answer: " + reason}
	}
	t := Token{
		Username: username,
		Password: password,
		Fetched:  fetched,
		Lifetime: lifetime(a.expiresAt, password, server),
		Session:  session(credentials, f.request.Registry.Service, server),
		Skew:     server.Sub(fetched),
	}
	f.log.DebugContext(ctx, "authorization token received", "lifetime", t.Lifetime, "session", t.Session, "after", time.Since(f.started))
	return t, nil
}
