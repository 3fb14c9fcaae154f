package token

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxBody is the most that is read of one answer; a token answer has a few KB.
const maxBody = 1 << 20

var (
	errTooLong    = errors.New("the answer is too long")
	errIncomplete = errors.New("the answer lacks what it is for")
)

// A wire sits in every call that the SDK makes for one Fetch, whichever client
// makes it: the ECR client of this package or the clients that the SDK builds
// inside its credential chain, out of reach of any option but API options. It
//
//   - remembers what is being done and with which host, so that a deadline can
//     be explained;
//   - ends the call when the Fetch ends, which the SDK's credential cache hides
//     from its providers;
//   - bounds the metadata service;
//   - sends all AWS calls through one HTTP client, so that a host sees one
//     connection and one TLS handshake;
//   - directs STS, IAM Identity Center and sign-in to the configured endpoint,
//     which the clients inside the chain do not read (the SDK resolves
//     credentials before it resolves AWS_ENDPOINT_URL);
//   - limits answers, and refuses those without the credentials on which the
//     SDK's providers would panic.
type wire struct {
	version  string // for the user agent
	ecr      string // "asking ECR" or "asking ECR Public"
	http     HTTPClient
	endpoint func(service string) (*url.URL, error)
	metadata time.Duration // bound on the metadata service; 0: the SDK's own
	log      *slog.Logger  // nil: silent

	mu          sync.Mutex
	stages      []*stage // what is being done, outermost first
	failed      *stage   // innermost call that failed, unless a later one succeeded
	answered    *stage   // last call that succeeded
	metadataEnd time.Time
}

// A stage is one thing being done.
type stage struct {
	words     string // "asking STS to assume a role"
	operation operation
	url       *url.URL // asked last; nil before anything was sent
	role      string   // the role being assumed
}

// An operation is an API call by what this package must know about it.
type operation struct {
	name     string
	words    string
	service  string // the SDK's service ID, when the call obeys configured endpoints
	action   string // what an IAM policy calls it
	metadata bool   // asks the EC2 instance metadata service
	local    bool   // asks a metadata service of the machine, not AWS
}

// Names of operations that are told apart by more than their words.
const (
	opWebIdentity = "AssumeRoleWithWebIdentity"
	opContainer   = "GetCredentials"
	opCaller      = "GetCallerIdentity"
)

func (w *wire) operation(name string) operation {
	switch name {
	case "GetAuthorizationToken":
		return operation{name: name, words: w.ecr}
	case "AssumeRole":
		return operation{name: name, words: "asking STS to assume a role", service: sts.ServiceID, action: "sts:AssumeRole"}
	case opWebIdentity:
		return operation{name: name, words: "asking STS to accept a web identity token", service: sts.ServiceID, action: "sts:AssumeRoleWithWebIdentity"}
	case opCaller:
		return operation{name: name, words: StageCaller, service: sts.ServiceID, action: "sts:GetCallerIdentity"}
	case "GetRoleCredentials":
		return operation{name: name, words: "asking IAM Identity Center for role credentials", service: sso.ServiceID, action: "sso:GetRoleCredentials"}
	case "CreateToken":
		return operation{name: name, words: "renewing the SSO session", service: "SSO OIDC"}
	case "CreateOAuth2Token":
		return operation{name: name, words: "renewing the `aws login` session", service: signin.ServiceID, action: "signin:CreateOAuth2Token"}
	case opContainer:
		return operation{name: name, words: "asking the container credential endpoint", local: true}
	default: // GetMetadata, getToken, GetRegion: the only other client in the chain
		return operation{name: name, words: "asking the EC2 instance metadata service", metadata: true, local: true}
	}
}

// attach is the API option. fetching is the context of the whole Fetch.
func (w *wire) attach(fetching context.Context) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		op := w.operation(stack.ID())
		s := &stage{words: op.words, operation: op}
		if op.service != "" && w.endpoint != nil {
			target, err := w.endpoint(op.service)
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
			stack.Initialize.Add(w.watch(fetching, s), middleware.Before),
			stack.Deserialize.Add(w.send(s), middleware.After),
			w.name(stack),
		)
	}
}

// name puts this program into the user agent.
func (w *wire) name(stack *middleware.Stack) error {
	const program = "docker-credential-ecr-login"
	if w.version == "" {
		return awsmiddleware.AddUserAgentKey(program)(stack)
	}
	return awsmiddleware.AddUserAgentKeyValue(program, w.version)(stack)
}

// watch brackets a whole call, retries included.
func (w *wire) watch(fetching context.Context, s *stage) middleware.InitializeMiddleware {
	return middleware.InitializeMiddlewareFunc("EcrLoginWatch", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(fetching, cancel)()
		if s.operation.metadata && w.metadata > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, w.metadataDeadline())
			defer cancel()
		}
		switch p := in.Parameters.(type) {
		case *sts.AssumeRoleInput:
			s.role = aws.ToString(p.RoleArn)
		case *sts.AssumeRoleWithWebIdentityInput:
			s.role = aws.ToString(p.RoleArn)
		}
		w.enter(s)
		start := time.Now()
		out, metadata, err := next.HandleInitialize(ctx, in)
		if err == nil && !complete(out.Result) {
			err = errIncomplete
		}
		w.tell(s, err, time.Since(start))
		w.settle(s, err)
		w.leave(s)
		return out, metadata, err
	})
}

// tell logs a call: whom it asked and how that ended, in AWS's code alone. The text of an error is for Fetch, which
// knows what must not be seen.
func (w *wire) tell(s *stage, err error, took time.Duration) {
	if w.log == nil {
		return
	}
	w.mu.Lock()
	host := ""
	if s.url != nil {
		host = s.url.Host
	}
	w.mu.Unlock()
	args := []any{"call", s.operation.name, "doing", s.words, "asked", host, "ok", err == nil, "took", took}
	var refused smithy.APIError
	if errors.As(err, &refused) {
		args = append(args, "code", refused.ErrorCode())
	}
	w.log.Debug("call", args...)
}

// metadataDeadline is one deadline for all metadata calls of a Fetch: there are
// up to four, and each is retried.
func (w *wire) metadataDeadline() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.metadataEnd.IsZero() {
		w.metadataEnd = time.Now().Add(w.metadata)
	}
	return w.metadataEnd
}

// send is the last step before the network and the first after it.
func (w *wire) send(s *stage) middleware.DeserializeMiddleware {
	return middleware.DeserializeMiddlewareFunc("EcrLoginSend", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			w.sent(s, request.URL)
		}
		if w.http != nil && !s.operation.local {
			out.RawResponse, metadata, err = smithyhttp.NewClientHandlerWithOptions(w.http).Handle(ctx, in.Request)
		} else {
			out, metadata, err = next.HandleDeserialize(ctx, in)
		}
		if untrusted := new(tls.CertificateVerificationError); errors.As(err, &untrusted) {
			err = hopeless{err}
		}
		if response, ok := out.RawResponse.(*smithyhttp.Response); ok && response.Body != nil {
			response.Body = &limitedBody{ReadCloser: response.Body, left: maxBody}
		}
		return out, metadata, err
	})
}

func (w *wire) enter(s *stage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stages = append(w.stages, s)
	w.failed = nil
}

func (w *wire) leave(s *stage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stages = slices.DeleteFunc(w.stages, func(other *stage) bool { return other == s })
}

// settle records how a call ended. Calls nest (signing an STS call may ask the
// metadata service), so the innermost failure is the one to tell.
func (w *wire) settle(s *stage, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil:
		w.failed, w.answered = nil, s
	case w.failed == nil:
		w.failed = s
	}
}

func (w *wire) sent(s *stage, to *url.URL) {
	w.mu.Lock()
	defer w.mu.Unlock()
	target := *to
	s.url = &target
}

// last is the stage to tell: the call that failed, else what is being done,
// else what was done last.
func (w *wire) last() stage {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.failed != nil:
		return *w.failed
	case len(w.stages) > 0:
		return *w.stages[len(w.stages)-1]
	case w.answered != nil:
		return *w.answered
	}
	return stage{words: "preparing"}
}

// complete reports whether an answer has the fields that the SDK's credential
// providers use without looking.
func complete(result any) bool {
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

// fixedEndpoint stands where the SDK resolves an endpoint, and does what the
// SDK does with a BaseEndpoint, which it refuses to combine with the FIPS and
// dual-stack switches.
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

// reusing sends requests whose bodies have no WriteTo. The SDK's have one that
// reports io.EOF once the SDK has closed the body, which it does as soon as
// there is a response; net/http takes that for a failed write when the response
// was faster than its own look for the body's end, and gives the connection up.
type reusing struct{ HTTPClient }

func (c reusing) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct {
			io.Reader
			io.Closer
		}{r.Body, r.Body}
	}
	return c.HTTPClient.Do(r)
}

// limitedBody fails loudly where io.LimitReader would end quietly.
type limitedBody struct {
	io.ReadCloser
	left int
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// hopeless keeps the SDK from trying again what will not get better.
type hopeless struct{ error }

func (hopeless) RetryableError() bool { return false }
func (h hopeless) Unwrap() error      { return h.error }
