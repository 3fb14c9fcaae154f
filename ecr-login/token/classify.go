package token

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// configError is an error of loading the AWS configuration.
type configError struct{ err error }

func (e *configError) Error() string { return e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// explain returns an *Error for the error that ended the Fetch. Text from outside enters a message
// only through f.redact, and the text of errors that may quote credentials not at all.
func (f *fetch) explain(ctx context.Context, err error) *Error {
	s := f.calls.last()
	e := f.classify(ctx, s, err)
	e.Message = strings.TrimRight(f.redact(e.Message), ".") // AWS sends whole sentences
	e.Code, e.Principal, e.Action = f.redact(e.Code), f.redact(e.Principal), f.redact(e.Action)
	e.Stage, e.Explicit = s.stage, f.client.Config != nil
	if e.Profile == "" && f.request.WebIdentity == nil && !f.fromEnvironment() {
		e.Profile = f.awsProfile()
	}
	if s.url != nil {
		e.Host = s.url.Host
		if proxy := f.proxyFor(s.url); proxy != nil && !s.operation.local {
			e.Proxy = redact.URL(proxy)
		}
	}
	if own := new(*Error); e.Err == nil && !errors.As(err, own) { // else the chain would be a loop
		e.Err = err
	}
	return e
}

// redact returns text from outside without the secrets of this Fetch, as one line of a message.
func (f *fetch) redact(text string) string { return redact.Text(text, f.secrets.all()...) }

// classify returns the *Error without the fields that follow from the step alone.
func (f *fetch) classify(ctx context.Context, s step, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	var refused smithy.APIError
	isRefusal := errors.As(err, &refused)
	if ctx.Err() != nil && !isRefusal {
		return f.timedOut(ctx.Err(), s)
	}
	var configuration *configError
	if errors.As(err, &configuration) {
		return &Error{Kind: Configuration, Message: "the AWS configuration is not usable: " + reason(configuration.err)}
	}
	var source *awsconfig.Error
	if errors.As(err, &source) {
		e := &Error{Kind: Configuration, Profile: source.Profile, Message: source.Message}
		if source.Code == awsconfig.ErrMFA {
			e.Code = CodeMFA
		}
		return e
	}
	var process *processError
	if errors.As(err, &process) {
		return f.process(process, s)
	}
	if f.client.Config == nil && (s.stage == StageEC2 || metadataFailed(err)) {
		return f.noCredentials(err)
	}
	if isRefusal {
		return f.refused(s, refused, responseOf(err))
	}
	for _, explain := range []func(step, error) *Error{f.unusable, f.unreachable, f.sessionEnded, f.unreadableToken} {
		if e := explain(s, err); e != nil {
			return e
		}
	}
	if s.operation.name == "" { // no call was made: a source of credentials failed
		return &Error{Kind: NoCredentials, Message: fmt.Sprintf("no AWS credentials from %s: %s", f.profileWords(), reason(err))}
	}
	return &Error{Kind: Refused, Message: fmt.Sprintf("%s failed: %s", s.words(), reason(err))}
}

// timedOut names the step that used up the time.
func (f *fetch) timedOut(cause error, s step) *Error {
	what := s.words() + f.where(s)
	if s.stage == StageProcess || s.stage == StageSessionWait {
		what += fmt.Sprintf(" of profile %q", f.chain.Profile)
	}
	if errors.Is(cause, context.Canceled) {
		return &Error{Kind: Timeout, Message: "canceled while " + what, Err: cause}
	}
	after := time.Since(f.started).Round(100 * time.Millisecond)
	e := &Error{Kind: Timeout, Message: fmt.Sprintf("timed out after %v while %s%s", after, what, f.ignoredProxy(s)), Err: cause}
	if s.stage == StageProcess {
		e.Code = CodeProcess
	}
	return e
}

// process explains a credential_process that failed.
func (f *fetch) process(err *processError, s step) *Error {
	if errors.Is(err, context.DeadlineExceeded) {
		return f.timedOut(context.DeadlineExceeded, s)
	}
	return &Error{Kind: NoCredentials, Code: CodeProcess, Profile: f.chain.Profile, Err: err,
		Message: fmt.Sprintf("the credential_process of profile %q %s", f.chain.Profile, err.what)}
}

// reason returns the text of an error without the prefixes that the SDK adds in each layer. The
// text is not redacted.
func reason(err error) string {
	text := err.Error()
	for _, prefix := range []string{"failed to refresh cached credentials, ", "failed to resolve service endpoint, ", "endpoint rule error, "} {
		if i := strings.LastIndex(text, prefix); i >= 0 {
			text = text[i+len(prefix):]
		}
	}
	return text
}
