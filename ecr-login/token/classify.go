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

// configError marks what came out of reading the AWS configuration.
type configError struct{ err error }

func (e *configError) Error() string { return e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// explain returns an *Error for whatever ended the Fetch. Text from outside enters a message only
// through f.redact, and the text of errors that may quote credentials not at all.
func (f *fetch) explain(ctx context.Context, err error) *Error {
	s := f.wire.last()
	e := f.classify(ctx, s, err)
	e.Message = strings.TrimRight(f.redact(e.Message), ".") // AWS sends whole sentences
	e.Code, e.Principal, e.Action = f.redact(e.Code), f.redact(e.Principal), f.redact(e.Action)
	e.Stage = s.words
	if e.Profile == "" && f.request.WebIdentity == nil && !f.sources.environment() {
		e.Profile = f.awsProfile()
	}
	if s.url != nil {
		e.Host = s.url.Host
		if !s.operation.local {
			e.Proxy = f.proxyFor(s.url)
		}
	}
	if own := new(*Error); e.Err == nil && !errors.As(err, own) { // else the chain would hold a loop
		e.Err = err
	}
	return e
}

func (f *fetch) classify(ctx context.Context, s stage, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	var answered smithy.APIError
	isAnswer := errors.As(err, &answered)
	if ctx.Err() != nil && !isAnswer {
		return f.outOfTime(ctx.Err(), s)
	}
	var configuration *configError
	if errors.As(err, &configuration) {
		return f.configuration(configuration.err)
	}
	var process *processcreds.ProviderError
	if errors.As(err, &process) {
		if strings.HasPrefix(process.Err.Error(), "credential process timed out") {
			e := f.outOfTime(context.DeadlineExceeded, s)
			e.Code = CodeProcess
			return e
		}
		return f.process(process)
	}
	var empty *credentials.StaticCredentialsEmptyError
	if s.operation.metadata || metadataFailed(err) || errors.As(err, &empty) {
		return f.noCredentials(err)
	}
	if isAnswer {
		return f.answered(s, answered, responseOf(err))
	}
	for _, explanation := range []*Error{f.unusable(s, err), f.unreachable(s, err), f.sessionEnded(s, err), f.unreadableToken(err)} {
		if explanation != nil {
			return explanation
		}
	}
	if s.operation.name == "" {
		// Nobody was asked: a source of credentials that did not work.
		return &Error{Kind: NoCredentials, Message: fmt.Sprintf("no AWS credentials from %s: %s", f.profileWords(), reason(err))}
	}
	return &Error{Kind: Refused, Message: fmt.Sprintf("%s failed: %s", s.words, reason(err))}
}

// outOfTime tells which stage used up the time, with whom.
func (f *fetch) outOfTime(over error, s stage) *Error {
	what := s.words + f.where(s)
	if errors.Is(over, context.Canceled) {
		return &Error{Kind: Timeout, Message: "given up while " + what, Err: over}
	}
	after := time.Since(f.started).Round(100 * time.Millisecond)
	return &Error{Kind: Timeout, Message: fmt.Sprintf("no answer within %v: %s", after, what), Err: over}
}

// configuration explains what config.LoadDefaultConfig did not like.
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
		e.Message = fmt.Sprintf("%s demands an MFA code (mfa_serial), which a credential helper cannot ask for", f.profileWords())
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
		// The only file whose absence is an error here is the CA bundle.
		e.Message = fmt.Sprintf("cannot read the CA bundle %q: %v", path.Path, path.Err)
	default:
		e.Message = "the AWS configuration is not usable: " + reason(err)
	}
	return e
}

// process explains a credential_process that failed. What it printed stays
// out: it may be credentials.
func (f *fetch) process(err *processcreds.ProviderError) *Error {
	e := &Error{Kind: NoCredentials, Code: CodeProcess, Profile: f.sources.profile.Profile}
	var exit *exec.ExitError
	text := err.Err.Error() // may go on with what the process printed
	what := "printed something other than version 1 credentials in JSON"
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

// redact returns text from outside without the secrets of this Fetch, fit for one line of a message.
func (f *fetch) redact(text string) string { return redact.Text(text, f.secrets...) }
