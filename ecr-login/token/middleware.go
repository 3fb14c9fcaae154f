package token

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

var errIncomplete = errors.New("the response is incomplete")

// calls is middleware for every call that the SDK makes during one Fetch: those of this package's
// clients, and those of the clients that the SDK creates in its credential chain, which only API
// options can reach. It
//
//   - tracks which step is running and which host it calls, so that an error can name them;
//   - ends a call when the Fetch ends, which the SDK's credential cache hides from its providers;
//   - sends all calls to AWS through one HTTP client, so that a host gets one connection and one
//     TLS handshake, and calls to local credential endpoints through another;
//   - directs STS, IAM Identity Center and sign-in to the configured endpoint, which the clients in
//     the chain do not read (the SDK resolves credentials before it resolves AWS_ENDPOINT_URL);
//   - limits responses, and rejects those that lack a field that the SDK's providers use unchecked.
type calls struct {
	tracker

	version  string // for the user agent
	program  string // for the user agent: the program that uses this package
	public   bool   // ECR is ECR Public
	http     HTTPClient
	local    *localClient
	endpoint func(service string) (*url.URL, error)
	check    func(*url.URL) error // refuses a URL before a request to AWS is sent; nil accepts all
	secrets  *secrets             // of the Fetch; nil to collect none
	log      *slog.Logger         // nil: no log
}

// attach returns the API option. fetching is the context of the whole Fetch.
func (c *calls) attach(fetching context.Context) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		op := c.operation(stack.ID())
		s := &step{stage: op.stage, operation: op}
		if op.service != "" && c.endpoint != nil {
			target, err := c.endpoint(op.service)
			if err != nil {
				return err
			}
			if target != nil {
				if _, err := stack.Finalize.Swap("ResolveEndpointV2", fixedEndpoint{target}); err != nil {
					return fmt.Errorf("directing %s to its endpoint: %w", op.service, err)
				}
			}
		}
		return errors.Join(
			stack.Initialize.Add(c.track(fetching, s), middleware.Before),
			stack.Deserialize.Add(c.send(s), middleware.After),
			c.userAgent(stack),
		)
	}
}

// userAgent adds this program, and the one that uses it, to the user agent.
func (c *calls) userAgent(stack *middleware.Stack) error {
	err := addUserAgent(progname.Program, c.version)(stack)
	if name, version, _ := strings.Cut(c.program, "/"); name != "" {
		err = errors.Join(err, addUserAgent(name, version)(stack))
	}
	return err
}

func addUserAgent(name, version string) func(*middleware.Stack) error {
	if version == "" {
		return awsmiddleware.AddUserAgentKey(name)
	}
	return awsmiddleware.AddUserAgentKeyValue(name, version)
}

// track encloses a whole call with its retries.
func (c *calls) track(fetching context.Context, s *step) middleware.InitializeMiddleware {
	return middleware.InitializeMiddlewareFunc("EcrLoginTrack", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(fetching, cancel)()
		switch p := in.Parameters.(type) {
		case *sts.AssumeRoleInput:
			s.role = aws.ToString(p.RoleArn)
		case *sts.AssumeRoleWithWebIdentityInput:
			s.role = aws.ToString(p.RoleArn)
		}
		c.start(s)
		start := time.Now()
		out, metadata, err := next.HandleInitialize(ctx, in)
		if err == nil && !isComplete(out.Result) {
			err = errIncomplete
		}
		c.logCall(s, err, time.Since(start))
		c.endCall(s, err)
		return out, metadata, err
	})
}

// logCall logs the host of a call and how the call ended, with AWS's error code but not the text of
// the error, which may hold a secret.
func (c *calls) logCall(s *step, err error, took time.Duration) {
	if c.log == nil {
		return
	}
	args := []any{"call", s.operation.name, "stage", string(s.stage), "host", c.host(s), "ok", err == nil, "took", took}
	var refused smithy.APIError
	if errors.As(err, &refused) {
		args = append(args, "code", refused.ErrorCode())
	}
	c.log.Debug("call", args...)
}

// send is the last middleware before the network and the first after it.
func (c *calls) send(s *step) middleware.DeserializeMiddleware {
	return middleware.DeserializeMiddlewareFunc("EcrLoginSend", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			c.setURL(s, request.URL)
			if c.check != nil && !s.operation.local {
				if err := c.check(request.URL); err != nil {
					return out, metadata, final{err}
				}
			}
		}
		if request, ok := in.Request.(*smithyhttp.Request); ok && c.secrets != nil {
			c.secrets.addHeaders(request.Header)
		}
		if client := c.client(s.stage); client != nil {
			out.RawResponse, metadata, err = smithyhttp.NewClientHandlerWithOptions(client).Handle(ctx, in.Request)
		} else {
			out, metadata, err = next.HandleDeserialize(ctx, in)
		}
		if untrusted := new(tls.CertificateVerificationError); errors.As(err, &untrusted) {
			err = final{err}
		}
		if response, ok := out.RawResponse.(*smithyhttp.Response); ok && err == nil && response.StatusCode/100 == 3 {
			response.Body.Close()
			return out, metadata, final{redirectError(response.StatusCode)}
		}
		if response, ok := out.RawResponse.(*smithyhttp.Response); ok && response.Body != nil {
			response.Body = &limitedBody{ReadCloser: response.Body, left: maxBody}
		}
		return out, metadata, err
	})
}

// client returns the HTTP client for a stage; nil for the one that the SDK chose.
func (c *calls) client(s Stage) HTTPClient {
	switch {
	case s != StageEC2 && s != StageContainer:
		return c.http
	case c.local == nil:
		return nil
	case s == StageContainer:
		return c.local
	}
	return clientFunc(c.local.metadata)
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

// isComplete reports whether a result has the fields that the SDK's credential providers use
// unchecked.
func isComplete(result any) bool {
	switch r := result.(type) {
	case *sts.AssumeRoleOutput:
		c := r.Credentials
		return c != nil && c.AccessKeyId != nil && c.SecretAccessKey != nil && c.SessionToken != nil && c.Expiration != nil
	case *sts.AssumeRoleWithWebIdentityOutput:
		c := r.Credentials
		return c != nil && c.AccessKeyId != nil && c.SecretAccessKey != nil && c.SessionToken != nil && c.Expiration != nil
	case *sso.GetRoleCredentialsOutput:
		return r.RoleCredentials != nil
	case *sts.GetCallerIdentityOutput:
		return r.Account != nil && r.Arn != nil && r.UserId != nil
	case *signin.CreateOAuth2TokenOutput:
		o := r.TokenOutput
		return o != nil && o.ExpiresIn != nil && o.RefreshToken != nil && o.AccessToken != nil &&
			o.AccessToken.AccessKeyId != nil && o.AccessToken.SecretAccessKey != nil && o.AccessToken.SessionToken != nil
	}
	return true
}

// fixedEndpoint replaces the SDK's endpoint resolution. It does what the SDK does with a
// BaseEndpoint, which the SDK refuses to combine with the FIPS and dual-stack switches.
type fixedEndpoint struct{ url *url.URL }

func (fixedEndpoint) ID() string { return "ResolveEndpointV2" }

func (e fixedEndpoint) HandleFinalize(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return out, metadata, fmt.Errorf("unknown transport type %T", in.Request)
	}
	request.URL.Scheme = e.url.Scheme
	request.URL.Host = e.url.Host
	if request.URL.RawPath != "" {
		request.URL.RawPath = smithyhttp.JoinPath(e.url.EscapedPath(), request.URL.RawPath)
	}
	request.URL.Path = smithyhttp.JoinPath(e.url.Path, request.URL.Path)
	return next.HandleFinalize(ctx, in)
}
