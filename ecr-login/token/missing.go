package token

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/neterr"
)

// noCredentials lists the sources that have no credentials, in their order.
func (f *fetch) noCredentials(err error) *Error {
	e := &Error{Kind: NoCredentials, Profile: f.chain.Profile}
	if f.chain.Named {
		e.Message = fmt.Sprintf("no AWS credentials: profile %q takes them from the EC2 instance, and %s", e.Profile, f.metadataProblem(err))
		return e
	}
	profile := "there is no default profile"
	if e.Profile = f.endpoints.shared.Profile; e.Profile != "" {
		profile = fmt.Sprintf("profile %q has none", e.Profile)
	}
	keys := "AWS_ACCESS_KEY_ID is not set"
	switch {
	case os.Getenv("AWS_SECRET_ACCESS_KEY") != "":
		keys = "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"
	case os.Getenv("AWS_ACCESS_KEY") != "":
		keys += " (AWS_ACCESS_KEY is set, which only older SDKs read)"
	}
	e.Message = fmt.Sprintf("no AWS credentials: %s, %s, no container credentials are configured, and %s",
		keys, profile, f.metadataProblem(err))
	for _, skipped := range f.files.Skipped() {
		e.Message += "; " + skipped
	}
	return e
}

// metadataFailed reports whether an error is the metadata client's, which makes no call if it is
// disabled.
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

// metadataProblem returns why the EC2 instance metadata service returned no credentials.
func (f *fetch) metadataProblem(err error) string {
	const service = "the EC2 instance metadata service"
	r := responseOf(err)
	switch {
	case f.endpoints.env.EC2IMDSClientEnableState == imds.ClientDisabled:
		return service + " is disabled (AWS_EC2_METADATA_DISABLED)"
	case r.status == http.StatusNotFound:
		return "the EC2 instance has no role"
	case r.status != 0:
		return fmt.Sprintf("%s returned HTTP %d", service, r.status)
	case neterr.IsUnreachable(err):
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
	var file *tokenFileError
	if !errors.As(err, &file) {
		return nil
	}
	cause := file.err
	var path *fs.PathError
	if errors.As(cause, &path) {
		cause = path.Err
	}
	return &Error{Kind: NoCredentials, Code: CodeWebIdentity, Message: fmt.Sprintf("cannot read the web identity token file %q: %v", file.path, cause)}
}

// sessionEnded explains an SSO or `aws login` session whose file has no valid session.
func (f *fetch) sessionEnded(s step, err error) *Error {
	login := f.chain.Kind == awsconfig.Login
	if f.chain.Kind != awsconfig.SSO && !login || s.operation.name != "" && s.operation.name != "CreateToken" && s.operation.name != "CreateOAuth2Token" {
		return nil
	}
	e := &Error{Kind: SSOExpired, Profile: f.chain.Profile, Session: f.chain.Portal.Session}
	session := "SSO session"
	if login {
		e.Kind, session = LoginExpired, "`aws login` session"
	}
	var path *fs.PathError
	var undecodable *decodeError
	switch {
	case strings.Contains(err.Error(), "insufficient permissions"):
		e.Kind, e.Action = AccessDenied, s.operation.action
		e.Message = fmt.Sprintf("access denied: the %s of profile %q cannot be refreshed (%s)", session, e.Profile, e.Action)
	case errors.Is(err, fs.ErrNotExist):
		e.Message = fmt.Sprintf("profile %q is not logged in: no cached %s found", e.Profile, session)
	case errors.As(err, &undecodable):
		e.Message = fmt.Sprintf("the %s of profile %q: %v", session, e.Profile, undecodable)
	case errors.As(err, &path):
		e.Kind = Configuration
		e.Message = fmt.Sprintf("cannot use the %s of profile %q: %s %q: %v", session, e.Profile, path.Op, path.Path, path.Err)
	default:
		e.Message = fmt.Sprintf("the %s of profile %q has expired", session, e.Profile)
	}
	return e
}

// sessionRefused explains a session that AWS does not accept any more.
func (f *fetch) sessionRefused(s step, code string, status int) *Error {
	if status >= http.StatusInternalServerError || status == http.StatusTooManyRequests {
		return nil
	}
	profile := f.chain.Profile
	switch s.operation.name {
	case "CreateToken": // InvalidGrantException, ExpiredTokenException, InvalidClientException, ...
		return &Error{Kind: SSOExpired, Profile: profile, Session: f.chain.Portal.Session, Message: fmt.Sprintf("the SSO session of profile %q has expired", profile)}
	case "CreateOAuth2Token":
		return &Error{Kind: LoginExpired, Profile: profile, Message: fmt.Sprintf("the `aws login` session of profile %q has expired", profile)}
	case "GetRoleCredentials":
		if code == "UnauthorizedException" || status == http.StatusUnauthorized {
			return &Error{Kind: SSOExpired, Profile: profile, Session: f.chain.Portal.Session, Message: fmt.Sprintf("the SSO session of profile %q has expired", profile)}
		}
		if code == "ForbiddenException" || status == http.StatusForbidden {
			return &Error{Kind: AccessDenied, Profile: profile, Action: s.operation.action, Message: fmt.Sprintf(
				"access denied: the SSO user of profile %q has no role %q in account %s",
				profile, f.chain.Portal.RoleName, f.chain.Portal.AccountID)}
		}
	}
	return nil
}
