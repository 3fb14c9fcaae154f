package token

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
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
	retryer *retryer // nil: the SDK's

	endpoints endpoints                             // what the SDK read; zero before that
	files     *awsconfig.Config                     // the shared files; nil before they are read
	chain     awsconfig.Chain                       // where credentials come from; zero before that is known
	found     aws.Credentials                       // what resolve found
	secrets   secrets                               // must not be in a message
	proxy     func(*http.Request) (*url.URL, error) // of the HTTP client in use; nil if unknown
	clientKey any                                   // of the HTTP client in Client.clients; nil to not share it
}

func newFetch(c *Client, r Request) *fetch {
	f := &fetch{client: c, request: r, log: c.Log, now: c.Now, started: time.Now()}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if f.now == nil {
		f.now = time.Now
	}
	f.calls = &calls{version: c.Version, program: c.UserAgent, public: r.Registry.Service == registry.Public, log: f.log, check: f.checkProxy, secrets: &f.secrets}
	if r.WebIdentity != nil {
		f.secrets.add(r.WebIdentity.Token)
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
	f.secrets.add(found.SecretAccessKey, found.SessionToken)
	f.log.DebugContext(ctx, "aws credentials resolved", "source", string(f.chain.Kind), "after", time.Since(f.started))
	return nil
}

// resolved is a credentials provider for what resolve found.
func (f *fetch) resolved(context.Context) (aws.Credentials, error) { return f.found, nil }

// learnedTime reports whether the client learned the server's time from a refusal, and will sign
// with it from now on. Within one call the SDK retries by itself, but only for the codes that
// cannot mean anything else.
func (f *fetch) learnedTime(err error) bool {
	var refused smithy.APIError
	return errors.As(err, &refused) && isSkewError("InvalidSignatureException", refused.ErrorMessage())
}

// isSkewed reports whether AWS refused the time of a signature. Another call is worth it: the
// client has learned the server's time.
func isSkewed(err error) bool {
	var refused smithy.APIError
	return errors.As(err, &refused) && isSkewError(refused.ErrorCode(), refused.ErrorMessage())
}

// begin records the start of a step that is not an API call. If the step fails, the error reports
// it, unless a call inside it failed.
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

// useClient chooses the HTTP clients for all calls of this Fetch: for AWS the caller's, or built,
// the one that the SDK made for the ECR client; for local credential endpoints one like built.
func (f *fetch) useClient(built HTTPClient) {
	if b, ok := built.(*awshttp.BuildableClient); ok && f.client.Config == nil {
		connect := f.client.MetadataTimeout
		if connect == 0 {
			connect = defaultMetadataTimeout
		}
		f.calls.local = newLocalClient(b.GetTransport(), connect, !looksLikeEC2(f.client.DMI))
	}
	if f.client.HTTPClient != nil {
		built, f.clientKey = f.client.HTTPClient, f.client.HTTPClient
	}
	f.proxy = proxyOf(built)
	f.calls.http = f.client.shared(f.clientKey, built)
}

// shared returns the HTTP client to use for built. All fetches with the same key use the same one.
func (c *Client) shared(key any, built HTTPClient) HTTPClient {
	if key == nil || !reflect.TypeOf(key).Comparable() {
		return httpClient(built)
	}
	if client, ok := c.clients.Load(key); ok {
		return client.(HTTPClient)
	}
	client, _ := c.clients.LoadOrStore(key, httpClient(built))
	return client.(HTTPClient)
}
