package token

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signintypes "github.com/aws/aws-sdk-go-v2/service/signin/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

// failing returns a fetch whose last call was name, for a profile with that kind of credentials.
func failing(name string, kind ...awsconfig.Kind) *fetch {
	f := newFetch(&Client{DMI: "/nonexistent"}, Request{})
	f.chain.Profile = "work"
	f.chain.Kind = append(kind, awsconfig.Static)[0]
	if name != "" {
		s := &step{stage: f.calls.operation(name).stage, operation: f.calls.operation(name)}
		f.calls.start(s)
		f.calls.endCall(s, errors.New("x"))
	}
	return f
}

// Errors that no loopback server and no test run by root brings about.
func TestExplain(t *testing.T) {
	t.Parallel()
	readOnly := &fs.PathError{Op: "open", Path: "/home/x/.aws/file.json", Err: syscall.EROFS}
	tests := []struct {
		why  string
		f    *fetch
		err  error
		kind Kind
		want string
	}{
		{"no such endpoint", failing("GetAuthorizationToken"),
			errors.New("operation error ECR: GetAuthorizationToken, failed to resolve service endpoint, endpoint rule error, FIPS is enabled but this partition does not support FIPS"),
			Configuration, "no endpoint for ECR in region \"\": FIPS is enabled but this partition does not support FIPS"},
		{"SSO session refreshed and not stored", failing("", awsconfig.SSO),
			fmt.Errorf("refresh cached SSO token failed, unable to cache refreshed SSO token, failed to create cached SSO token file %w", readOnly),
			Configuration, `cannot use the SSO session of profile "work": open "/home/x/.aws/file.json": read-only file system`},
		{"login session refreshed and not stored", failing("", awsconfig.Login),
			fmt.Errorf("save token: %w", readOnly),
			Configuration, "cannot use the `aws login` session of profile \"work\""},
		{"login session that must not be refreshed", failing("CreateOAuth2Token", awsconfig.Login),
			errors.New("create oauth2 token: insufficient permissions, you may be missing permissions for the CreateOAuth2Token action"),
			AccessDenied, "signin:CreateOAuth2Token"},
		{"login session refused in another way", failing("CreateOAuth2Token", awsconfig.Login),
			fmt.Errorf("create oauth2 token: %w", &signintypes.AccessDeniedException{Message: aws.String("no")}),
			LoginExpired, "the `aws login` session of profile \"work\" has expired"},
		{"SSO portal out of order", failing("CreateToken", awsconfig.SSO),
			answeredWith(500, "InternalServerException", "x", ""), Refused, "IAM Identity Center returned a server error"},
		{"SSO portal busy", failing("CreateToken", awsconfig.SSO),
			answeredWith(400, "SlowDownException", "x", ""), Throttled, "IAM Identity Center is throttling requests"},
		{"too many requests, whatever the code", failing("GetAuthorizationToken"),
			answeredWith(429, "SomethingNew", "x", ""), Throttled, "ECR is throttling requests"},
		{"no date", failing("GetAuthorizationToken"),
			answeredWith(400, "RequestExpired", "x", ""), ClockSkew, "the clock of this machine is wrong, so ECR refused"},
		{"date in no form", failing("GetAuthorizationToken"),
			answeredWith(400, "RequestExpired", "x", "yesterday"), ClockSkew, "the clock of this machine is wrong"},
		{"code without words", failing("GetAuthorizationToken"),
			answeredWith(400, "InvalidParameterException", "", ""), Refused, "ECR refused: InvalidParameterException"},
		{"no code", failing("GetAuthorizationToken"),
			answeredWith(418, "", "", ""), Refused, "ECR refused: HTTP 418"},
		{"a call that failed in its own way", failing("AssumeRole"),
			errors.New("operation error STS: AssumeRole, something new"), Refused, "something new"},
		{"a source that failed in its own way", failing(""),
			errors.New("failed to refresh cached credentials, something new"), NoCredentials, ": something new"},
	}
	for _, test := range tests {
		e := test.f.explain(t.Context(), test.err)
		if e.Kind != test.kind || !strings.Contains(e.Message, test.want) {
			t.Errorf("%s: %s %q, want %s %q", test.why, e.Kind, e.Message, test.kind, test.want)
		}
		if !errors.Is(e, test.err) {
			t.Errorf("%s: the cause is lost", test.why)
		}
	}
}

func answeredWith(status int, code, message, date string) error {
	header := http.Header{}
	if date != "" {
		header.Set("Date", date)
	}
	return &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: header}},
		Err:      &smithy.GenericAPIError{Code: code, Message: message},
	}
}

// An *Error that comes through whole must not become its own cause: whoever
// looked for another error in it would never end.
func TestExplainKeepsAnError(t *testing.T) {
	t.Parallel()
	own := &Error{Kind: Configuration, Message: "known"}
	e := failing("AssumeRole").explain(t.Context(), fmt.Errorf("outer: %w", own))
	if e != own || e.Err != nil || errors.Is(e, fs.ErrExist) {
		t.Errorf("got %+v", e)
	}
}

// The innermost call that failed is the one to report, until a later one succeeds.
func TestStages(t *testing.T) {
	t.Parallel()
	var w tracker
	if got := w.last().stage; got != StagePrepare {
		t.Errorf("at first: %q", got)
	}
	outer, inner := &step{stage: "outer"}, &step{stage: "inner"}
	w.start(outer)
	w.start(inner)
	if got := w.last().stage; got != "inner" {
		t.Errorf("while inner: %q", got)
	}
	w.endCall(inner, errors.New("x"))
	w.endCall(outer, errors.New("x"))
	if got := w.last().stage; got != "inner" {
		t.Errorf("after both have failed: %q", got)
	}
	w.start(outer)
	w.endCall(outer, nil)
	if got := w.last().stage; got != "outer" {
		t.Errorf("after another try: %q", got)
	}
	w.start(inner) // which never ends
	if got := w.last().stage; got != "inner" {
		t.Errorf("at the deadline: %q", got)
	}
}

func TestLeastSession(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, left := range []time.Duration{0, -time.Hour, time.Millisecond} {
		f := newFetch(&Client{}, Request{})
		f.found = aws.Credentials{CanExpire: true, Expires: now.Add(left)}
		if got := f.session(now); got != leastSession {
			t.Errorf("%v left: %v, which would mean that it never ends", left, got)
		}
	}
}

// The SDK's credential cache hides the caller's context from its providers; a
// call must end with the Fetch all the same, or it would outlive it.
func TestCallEndsWithFetch(t *testing.T) {
	t.Parallel()
	fetching, end := context.WithCancel(t.Context())
	w := &calls{}
	s := &step{operation: w.operation("AssumeRole")}
	began := make(chan struct{})
	go func() {
		<-began
		end()
	}()
	_, _, err := w.track(fetching, s).HandleInitialize(context.WithoutCancel(t.Context()), middleware.InitializeInput{},
		middleware.InitializeHandlerFunc(func(ctx context.Context, _ middleware.InitializeInput) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
			close(began)
			select {
			case <-ctx.Done():
				return out, metadata, ctx.Err()
			case <-time.After(time.Minute): // the test has failed by then
				return out, metadata, nil
			}
		}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the call ended with %v", err)
	}
}
