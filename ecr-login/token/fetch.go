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
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/neterr"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// processGrace is how long before the deadline a credential_process is killed. This process may end
// with the deadline, and must not leave a child that holds the standard error others read.
const processGrace = 100 * time.Millisecond

// maxRoles is the number of roles that a profile may chain, each with a client that must learn the
// server's time if the local clock is wrong.
const maxRoles = 4

// A fetch is one run of Fetch.
type fetch struct {
	client  *Client
	request Request
	log     *slog.Logger
	now     func() time.Time
	calls   *calls
	started time.Time

	endpoints endpoints                             // what the SDK read; zero before that
	sources   sources                               // where credentials come from; zero before that is known
	found     aws.Credentials                       // what resolve found
	secrets   []string                              // must not be in a message
	proxy     func(*http.Request) (*url.URL, error) // of the HTTP client in use; nil if unknown
}

func newFetch(c *Client, r Request) *fetch {
	f := &fetch{client: c, request: r, log: c.Log, now: c.Now, started: time.Now()}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if f.now == nil {
		f.now = time.Now
	}
	f.calls = &calls{version: c.Version, public: r.Registry.Service == registry.Public, log: f.log, check: f.checkProxy}
	if r.WebIdentity != nil {
		f.secrets = append(f.secrets, r.WebIdentity.Token)
	}
	return f
}

func (f *fetch) run(ctx context.Context) (Token, error) {
	cfg, err := f.configure(ctx)
	if err != nil {
		return Token{}, err
	}
	// The ECR client is created before the credentials are resolved: all other calls use its HTTP
	// client.
	call, err := f.ecr(cfg, aws.CredentialsProviderFunc(f.resolved))
	if err != nil {
		return Token{}, err
	}
	if err := f.resolve(ctx, cfg); err != nil {
		return Token{}, err
	}
	a, metadata, err := call(ctx)
	if f.learnedTime(err) {
		a, metadata, err = call(ctx)
	}
	if err != nil {
		return Token{}, err
	}
	return f.token(ctx, a, metadata)
}

// configure loads the AWS configuration, as a step of its own.
func (f *fetch) configure(ctx context.Context) (aws.Config, error) {
	end := f.begin(StageConfig)
	cfg, err := f.load(ctx)
	end(err)
	return cfg, err
}

// resolve finds the credentials that resolved then returns to the client.
func (f *fetch) resolve(ctx context.Context, cfg aws.Config) error {
	end := f.begin(StageCredentials)
	found, err := f.credentials(ctx, cfg)
	for try := 0; try < maxRoles && isSkewed(err); try++ {
		found, err = f.credentials(ctx, cfg)
	}
	if err == nil {
		err = f.checkCredentials(found)
	}
	end(err)
	if err != nil {
		return err
	}
	f.found = found
	f.secrets = append(f.secrets, found.SecretAccessKey, found.SessionToken)
	f.log.DebugContext(ctx, "aws credentials resolved", "source", found.Source, "after", time.Since(f.started))
	return nil
}

// resolved is a credentials provider for what resolve found.
func (f *fetch) resolved(context.Context) (aws.Credentials, error) { return f.found, nil }

// learnedTime reports whether the client learned the server's time from a refusal, and will sign with
// it from now on. Within one call the SDK retries by itself, but only for the codes that cannot mean
// anything else.
func (f *fetch) learnedTime(err error) bool {
	var refused smithy.APIError
	return errors.As(err, &refused) && isSkewError("InvalidSignatureException", refused.ErrorMessage())
}

// isSkewed reports whether AWS refused the time of a signature. Another call is worth it: the client
// has learned the server's time.
func isSkewed(err error) bool {
	var refused smithy.APIError
	return errors.As(err, &refused) && isSkewError(refused.ErrorCode(), refused.ErrorMessage())
}

// begin records that a step begins that is no API call. A step that fails stays the one to report,
// unless a call inside it failed.
func (f *fetch) begin(stage Stage) (end func(error)) {
	s := &step{stage: stage}
	f.calls.start(s)
	start := time.Now()
	return func(err error) {
		f.log.Debug("stage", "stage", string(stage), "ok", err == nil, "took", time.Since(start))
		if err == nil {
			f.calls.end(s)
		}
	}
}

// load reads the AWS configuration once, for everything that follows.
func (f *fetch) load(ctx context.Context) (aws.Config, error) {
	var cfg aws.Config
	var err error
	fips140.WithoutEnforcement(func() { cfg, err = config.LoadDefaultConfig(ctx, f.loadOptions(ctx)...) })
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
	f.calls.endpoint = f.endpoints.of
	f.sources = sourcesOf(cfg.Credentials, f.endpoints.shared)
	return cfg, f.checkSources()
}

func (f *fetch) loadOptions(ctx context.Context) []func(*config.LoadOptions) error {
	options := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}), // by default the SDK writes warnings to standard error
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.IdleConnTimeout = maxIdle
			t.MaxResponseHeaderBytes = maxHeader
			t.OnProxyConnectResponse = neterr.RefuseProxy
		})),
		config.WithDefaultRegion(f.request.Registry.Region),
		// The metadata service is called for credentials only: AWS_DEFAULTS_MODE=auto would ask it for
		// a region, even where it does not exist.
		config.WithDefaultsMode("", func(o *config.DefaultsModeOptions) {
			o.IMDSClient = imds.New(imds.Options{ClientEnableState: imds.ClientDisabled})
		}),
		config.WithAPIOptions([]func(*middleware.Stack) error{f.calls.attach(ctx)}),
		config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			if client, ok := o.Client.(*sts.Client); ok {
				o.Client = sts.New(client.Options(), f.tuneSTS)
			}
		}),
		config.WithWebIdentityRoleCredentialOptions(func(o *stscreds.WebIdentityRoleOptions) {
			if client, ok := o.Client.(*sts.Client); ok {
				o.Client = sts.New(client.Options(), f.tuneSTS)
			}
		}),
		config.WithSSOProviderOptions(func(o *ssocreds.Options) {
			if o.SSOTokenProvider == nil {
				o.CachedTokenFilepath, _ = ssoTokenFile(o.StartURL)
			}
		}),
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
		// No credential chain at all: it is not used, and could fail.
		options = append(options, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	}
	return options
}

// useClient chooses the HTTP clients for all calls of this Fetch: for AWS the caller's, or built, the
// one that the SDK made for the ECR client; for local credential endpoints one like built.
func (f *fetch) useClient(built HTTPClient) {
	if b, ok := built.(*awshttp.BuildableClient); ok {
		connect := f.client.MetadataTimeout
		if connect == 0 {
			connect = defaultMetadataTimeout
		}
		f.calls.local = newLocalClient(b.GetTransport(), connect, !looksLikeEC2(f.client.DMI))
	}
	if f.client.HTTPClient != nil {
		built = f.client.HTTPClient
	}
	f.proxy = proxyOf(built)
	f.calls.http = httpClient(built)
}
