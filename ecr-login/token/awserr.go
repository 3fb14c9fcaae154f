package token

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/iamerr"
)

// minSkew is the smallest clock error that a message states. AWS allows five minutes; an error
// below one minute explains nothing.
const minSkew = time.Minute

// A response is what is known of the HTTP response behind an error.
type response struct {
	status int // 0 for no response
	header http.Header
}

// responseOf returns the HTTP response behind err.
func responseOf(err error) response {
	var full *smithyhttp.ResponseError
	if errors.As(err, &full) && full.Response != nil && full.Response.Response != nil {
		return response{full.HTTPStatusCode(), full.Response.Header}
	}
	var status interface{ HTTPStatusCode() int } // the SDK's container client has no more than this
	if errors.As(err, &status) {
		return response{status: status.HTTPStatusCode()}
	}
	return response{}
}

// unusable explains a response that is not one of the AWS API, such as the page of a captive portal
// or a truncated body; nil if err is something else.
func (f *fetch) unusable(s step, err error) *Error {
	r := responseOf(err)
	var what string
	var malformed *smithy.DeserializationError
	var redirect redirectError
	switch {
	case errors.As(err, &redirect):
		what = redirect.Error()
	case errors.Is(err, errIncomplete) && s.operation.name == opCaller:
		what = "it does not name the caller"
	case errors.Is(err, errIncomplete):
		what = "it has no credentials"
	case errors.Is(err, errBodyTooLong):
		what = fmt.Sprintf("it is longer than %d bytes", maxBody)
	case strings.Contains(err.Error(), "server response headers exceeded"): // net/http has no type for it
		what = fmt.Sprintf("its headers are longer than %d bytes", maxHeader)
	case r.status != 0 && (r.status < 200 || r.status > 299):
		what = fmt.Sprintf("HTTP %d without an AWS error", r.status)
	case strings.HasPrefix(r.header.Get("Content-Type"), "text/html"):
		what = "it is a web page"
	case errors.Is(err, io.ErrUnexpectedEOF) && r.status != 0:
		what = "it is truncated"
	case errors.As(err, &malformed):
		what = "it does not have the form of the AWS API"
	default:
		return nil
	}
	f.addProxySecrets(s.url)
	return &Error{Kind: UnusableAnswer, Message: fmt.Sprintf("%s sent an unusable response: %s", f.peer(s), what)}
}

// refused explains an error that AWS or a credential endpoint returned.
func (f *fetch) refused(s step, err smithy.APIError, r response) *Error {
	code, message := err.ErrorCode(), f.redact(err.ErrorMessage())
	if code == "" || code == "UnknownError" {
		code = fmt.Sprintf("HTTP %d", r.status)
	}
	e := &Error{Code: code}
	if isThrottled(err, r) {
		e.Kind = Throttled
		e.Message = fmt.Sprintf("%s is throttling requests (%s)%s", f.peer(s), code, f.tried())
		return e
	}
	if expired := f.sessionRefused(s, code, r.status); expired != nil {
		expired.Code = code
		return expired
	}
	switch {
	case s.stage == StageContainer && r.status < http.StatusInternalServerError:
		// This is not a decision of AWS, whatever the code.
		e.Kind, e.Code = Refused, CodeContainer
		e.Message = fmt.Sprintf("%s refused: %s", f.peer(s), joinCode(code, message))

	case s.stage == StageWebIdentity && (strings.HasPrefix(code, "ExpiredToken") || code == "InvalidIdentityToken"):
		e.Kind, e.Code = Refused, CodeWebIdentity
		e.Message = fmt.Sprintf("%s refused the web identity token: %s", f.peer(s), joinCode(code, message))

	case isSkewError(code, message):
		e.Kind = ClockSkew
		e.Message = fmt.Sprintf("the clock of this machine is %s, so %s refused the request (%s)", f.skewWords(r), f.peer(s), code)

	case strings.HasPrefix(code, "AccessDenied"), code == "UnauthorizedOperation", code == "ForbiddenException":
		f.denied(e, s, message)

	case r.status >= http.StatusInternalServerError:
		e.Kind = Refused
		e.Message = fmt.Sprintf("%s returned a server error%s: %s", f.peer(s), f.tried(), joinCode(code, message))

	default:
		e.Kind = Refused
		e.Message = fmt.Sprintf("%s refused: %s", f.peer(s), joinCode(code, message))
	}
	return e
}

// tried returns how often and how long a refused call was repeated; empty if it was not.
func (f *fetch) tried() string {
	if f.retryer == nil {
		return ""
	}
	attempts := f.retryer.attempts.Load()
	if attempts < 2 {
		return ""
	}
	return fmt.Sprintf(", tried %d times in %v", attempts, time.Since(f.started).Round(100*time.Millisecond))
}

// joinCode joins a code and AWS's message, either of which may be empty.
func joinCode(code, message string) string {
	if message == "" || message == "UnknownError" || message == code {
		return code
	}
	return code + ": " + message
}

// denied completes e for a denied call: the principal and the action, from AWS's message if it
// names them.
func (f *fetch) denied(e *Error, s step, message string) {
	e.Kind = AccessDenied
	e.Principal, e.Action = iamerr.Denial(message)
	if e.Action == "" {
		e.Action = s.operation.action
	}
	if e.Action == "" {
		e.Action = string(f.request.Registry.Service) + ":GetAuthorizationToken"
	}
	principal := e.Principal
	if principal == "" {
		principal = "the principal of the credentials"
	}
	e.Message = fmt.Sprintf("access denied: %s is not allowed to call %s", principal, e.Action)
	if s.role != "" {
		e.Message = fmt.Sprintf("access denied: %s is not allowed to assume the role %s (%s)", principal, s.role, e.Action)
	}
	if _, because, ok := strings.Cut(message, " because "); ok {
		e.Message += ", because " + because
	} else if e.Principal == "" && message != "" {
		e.Message += ": " + message
	}
}

// isSkewError reports whether AWS refused a signature because of its time. The codes are those of
// the SDK's retryer; the general ones need AWS's message as well.
func isSkewError(code, message string) bool {
	switch code {
	case "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture":
		return true
	case "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure":
		return strings.Contains(message, "Signature expired") || strings.Contains(message, "Signature not yet current")
	}
	return false
}

// skewWords returns how wrong the local clock is, by the date of the response.
func (f *fetch) skewWords(r response) string {
	date, err := http.ParseTime(r.header.Get("Date"))
	if err != nil {
		return "wrong"
	}
	switch skew := date.Sub(f.now()).Round(time.Second); {
	case skew.Abs() < minSkew:
		return "wrong, or the server's is"
	case skew > 0:
		return fmt.Sprintf("%v behind", skew)
	default:
		return fmt.Sprintf("%v ahead", -skew)
	}
}
