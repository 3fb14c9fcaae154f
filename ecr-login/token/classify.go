package token

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/smithy-go"

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
	e.Stage = s.stage
	if e.Profile == "" && f.request.WebIdentity == nil && !f.sources.environment() {
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
func (f *fetch) redact(text string) string { return redact.Text(text, f.secrets...) }

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
		return f.configuration(configuration.err)
	}
	var process *processcreds.ProviderError
	if errors.As(err, &process) {
		return f.process(process, s)
	}
	var empty *credentials.StaticCredentialsEmptyError
	if s.stage == StageEC2 || metadataFailed(err) || errors.As(err, &empty) {
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
		what += fmt.Sprintf(" of profile %q", f.sources.profile.Profile)
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

// configuration explains an error of config.LoadDefaultConfig.
func (f *fetch) configuration(err error) *Error {
	var (
		mfa       config.AssumeRoleTokenProviderNotSetError
		missing   config.SharedConfigProfileNotExistError
		role      config.SharedConfigAssumeRoleError
		needsRole config.CredentialRequiresARNError
		path      *fs.PathError
		e         = &Error{Kind: Configuration}
	)
	switch {
	case errors.As(err, &mfa):
		e.Code = CodeMFA
		e.Message = fmt.Sprintf("%s requires an MFA code (mfa_serial), which a credential helper cannot prompt for", f.profileWords())
	case errors.As(err, &role):
		e.Profile = role.Profile
		e.Message = fmt.Sprintf("the source_profile %q of role %s does not exist or has no credentials", role.Profile, role.RoleARN)
	case errors.As(err, &missing):
		e.Profile = missing.Profile
		e.Message = fmt.Sprintf("the AWS profile %q does not exist", missing.Profile)
	case errors.As(err, &needsRole):
		e.Profile = needsRole.Profile
		e.Message = fmt.Sprintf("the AWS profile %q has %s but no role_arn", needsRole.Profile, needsRole.Type)
	case errors.As(err, &path):
		// The only file that must exist here is the CA bundle.
		e.Message = fmt.Sprintf("cannot read the CA bundle %q: %v", path.Path, path.Err)
	default:
		e.Message = "the AWS configuration is not usable: " + reason(err)
	}
	return e
}

// process explains a credential_process that failed. The message does not contain its output, which
// may be credentials.
func (f *fetch) process(err *processcreds.ProviderError, s step) *Error {
	text := err.Err.Error() // may end with the output
	if strings.HasPrefix(text, "credential process timed out") {
		return f.timedOut(context.DeadlineExceeded, s)
	}
	e := &Error{Kind: NoCredentials, Code: CodeProcess, Profile: f.sources.profile.Profile}
	var exit *exec.ExitError
	what := "did not print version 1 credentials as JSON"
	switch {
	case errors.As(err, &exit):
		what, e.Err = "failed: "+exit.Error(), exit
	case strings.HasPrefix(text, "error in credential_process"), strings.HasPrefix(text, "failed to prepare command"):
		what = "could not be started"
	}
	e.Message = fmt.Sprintf("the credential_process of profile %q %s", e.Profile, what)
	if e.Err == nil {
		e.Err = errors.New(e.Message) // err itself quotes the output
	}
	return e
}

// reason returns the text of an error without the prefixes that the SDK adds in each layer. The text
// is not redacted.
func reason(err error) string {
	text := err.Error()
	for _, prefix := range []string{"failed to refresh cached credentials, ", "failed to resolve service endpoint, ", "endpoint rule error, "} {
		if i := strings.LastIndex(text, prefix); i >= 0 {
			text = text[i+len(prefix):]
		}
	}
	return text
}
