package token

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go"
)

// noCredentials lists what was looked at in vain, in the SDK's order.
func (f *fetch) noCredentials(err error) *Error {
	e := &Error{Kind: NoCredentials, Profile: f.sources.profile.Profile}
	keys := "AWS_ACCESS_KEY_ID is not set"
	if (os.Getenv("AWS_ACCESS_KEY_ID") == "") != (os.Getenv("AWS_SECRET_ACCESS_KEY") == "") {
		keys = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set"
	}
	switch {
	case f.sources.profile.CredentialSource == "Environment":
		e.Message = fmt.Sprintf("no AWS credentials: profile %q takes them from the environment, and %s", e.Profile, keys)
		return e
	case f.sources.named():
		e.Message = fmt.Sprintf("no AWS credentials: profile %q takes them from the EC2 instance, and %s", e.Profile, f.metadataWords(err))
		return e
	}
	profile := "there is no default profile"
	if e.Profile != "" {
		profile = fmt.Sprintf("profile %q has none", e.Profile)
	}
	e.Message = fmt.Sprintf("no AWS credentials: %s, %s, no container offers any, and %s", keys, profile, f.metadataWords(err))
	return e
}

// metadataFailed reports whether an error is the metadata client's, which does
// not even begin a call when it is disabled.
func metadataFailed(err error) bool {
	var operation *smithy.OperationError
	for errors.As(err, &operation) {
		if operation.ServiceID == imds.ServiceID {
			return true
		}
		err = operation.Err
	}
	return false
}

// metadataWords says why the EC2 instance metadata service was of no use.
func (f *fetch) metadataWords(err error) string {
	const service = "the EC2 instance metadata service"
	r := responseOf(err)
	switch {
	case f.endpoints.env.EC2IMDSClientEnableState == imds.ClientDisabled:
		return service + " is disabled (AWS_EC2_METADATA_DISABLED)"
	case r.status == http.StatusNotFound:
		return "the EC2 instance has no role"
	case r.status != 0:
		return fmt.Sprintf("%s returned HTTP %d", service, r.status)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return service + " cannot be reached"
	}
	// The SDK does not always keep the cause.
	if silent := f.calls.local.silence(); silent != nil {
		return service + " " + silent.Error()
	}
	return service + " did not respond"
}

// unreadableToken explains a web identity token file that cannot be read.
func (f *fetch) unreadableToken(_ step, err error) *Error {
	path := f.sources.profile.WebIdentityTokenFile
	if f.sources.has(aws.CredentialSourceEnvVarsSTSWebIDToken) {
		path = f.endpoints.env.WebIdentityTokenFilePath
	}
	if path == "" || !strings.Contains(err.Error(), "unable to read file at") {
		return nil
	}
	_, cause, _ := strings.Cut(err.Error(), path+": ")
	return &Error{Kind: NoCredentials, Code: CodeWebIdentity, Message: fmt.Sprintf("cannot read the web identity token file %q: %s", path, cause)}
}

// sessionEnded explains an SSO or `aws login` session that the SDK could not
// take from its cache file.
func (f *fetch) sessionEnded(s step, err error) *Error {
	login := f.sources.has(aws.CredentialSourceLogin)
	if !f.sources.sso() && !login || s.operation.name != "" && s.operation.name != "CreateToken" && s.operation.name != "CreateOAuth2Token" {
		return nil
	}
	e := &Error{Kind: SSOExpired, Profile: f.sources.profile.Profile}
	session := "SSO session"
	if login {
		e.Kind, session = LoginExpired, "`aws login` session"
	}
	var path *fs.PathError
	switch {
	case strings.Contains(err.Error(), "insufficient permissions"):
		e.Kind, e.Action = AccessDenied, s.operation.action
		e.Message = fmt.Sprintf("access denied: the %s of profile %q may not be renewed (%s)", session, e.Profile, e.Action)
	case errors.Is(err, fs.ErrNotExist), strings.Contains(err.Error(), "file not found"):
		e.Message = fmt.Sprintf("profile %q is not logged in: there is no cached %s", e.Profile, session)
	case errors.As(err, &path):
		e.Kind = Configuration
		e.Message = fmt.Sprintf("cannot renew the %s of profile %q: %s %q: %v", session, e.Profile, path.Op, path.Path, path.Err)
	default:
		e.Message = fmt.Sprintf("the %s of profile %q has expired", session, e.Profile)
	}
	return e
}

// sessionRefused explains a session that AWS no longer accepts.
func (f *fetch) sessionRefused(s step, code string, status int) *Error {
	if status >= http.StatusInternalServerError || status == http.StatusTooManyRequests {
		return nil
	}
	profile := f.sources.profile.Profile
	switch s.operation.name {
	case "CreateToken": // InvalidGrantException, ExpiredTokenException, InvalidClientException, ...
		return &Error{Kind: SSOExpired, Profile: profile, Message: fmt.Sprintf("the SSO session of profile %q has expired", profile)}
	case "CreateOAuth2Token":
		return &Error{Kind: LoginExpired, Profile: profile, Message: fmt.Sprintf("the `aws login` session of profile %q has expired", profile)}
	case "GetRoleCredentials":
		if code == "UnauthorizedException" || status == http.StatusUnauthorized {
			return &Error{Kind: SSOExpired, Profile: profile, Message: fmt.Sprintf("the SSO session of profile %q has expired", profile)}
		}
		if code == "ForbiddenException" || status == http.StatusForbidden {
			return &Error{Kind: AccessDenied, Profile: profile, Action: s.operation.action, Message: fmt.Sprintf(
				"access denied: the SSO user of profile %q has no role %q in account %s",
				profile, f.sources.profile.SSORoleName, f.sources.profile.SSOAccountID)}
		}
	}
	return nil
}
