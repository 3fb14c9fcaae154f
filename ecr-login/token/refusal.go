package token

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// leastSkew is how wrong a clock must be to be told by how much. AWS allows for
// five minutes; below one the date that came along explains nothing.
const leastSkew = time.Minute

// A response is what is known of the HTTP response behind an error.
type response struct {
	status int // 0: none
	header http.Header
}

func responseOf(err error) response {
	var full *smithyhttp.ResponseError
	if errors.As(err, &full) && full.Response != nil && full.Response.Response != nil {
		return response{full.HTTPStatusCode(), full.Response.Header}
	}
	var status interface{ HTTPStatusCode() int } // the container client has no more than this
	if errors.As(err, &status) {
		return response{status: status.HTTPStatusCode()}
	}
	return response{}
}

// unusable explains an answer that is not one in the API's form: a captive
// portal's page, something cut short, a load balancer's own error.
func (f *fetch) unusable(s stage, err error) *Error {
	r := responseOf(err)
	var what string
	var garbled *smithy.DeserializationError
	switch {
	case errors.Is(err, errIncomplete) && s.operation.name == opCaller:
		what = "it does not say who is calling"
	case errors.Is(err, errIncomplete):
		what = "it lacks the credentials"
	case errors.Is(err, errTooLong):
		what = fmt.Sprintf("it is longer than %d bytes", maxBody)
	case r.status != 0 && (r.status < 200 || r.status > 299):
		what = fmt.Sprintf("HTTP %d without an AWS error", r.status)
	case strings.HasPrefix(r.header.Get("Content-Type"), "text/html"):
		what = "it is a web page"
	case errors.Is(err, io.ErrUnexpectedEOF) && r.status != 0:
		what = "it breaks off"
	case errors.As(err, &garbled):
		what = "it is not in the form of the AWS API"
	default:
		return nil
	}
	return &Error{Kind: UnusableAnswer, Message: fmt.Sprintf("%s sent an unusable answer: %s", f.peer(s), what)}
}

// answered explains an error that AWS, or a metadata service, sent.
func (f *fetch) answered(s stage, err smithy.APIError, r response) *Error {
	code, message := err.ErrorCode(), f.redact(err.ErrorMessage())
	if code == "" || code == "UnknownError" {
		code = fmt.Sprintf("HTTP %d", r.status)
	}
	e := &Error{Code: code}
	_, throttled := retry.DefaultThrottleErrorCodes[code]
	if throttled || code == "SlowDownException" || r.status == http.StatusTooManyRequests {
		e.Kind = Throttled
		e.Message = fmt.Sprintf("%s asks for fewer requests (%s)", f.peer(s), code)
		return e
	}
	if ended := f.sessionRefused(s, code, r.status); ended != nil {
		ended.Code = code
		return ended
	}
	switch {
	case s.operation.name == opContainer && r.status < http.StatusInternalServerError:
		// Whatever it says: it is not AWS's word on a principal.
		e.Kind, e.Code = Refused, CodeContainer
		e.Message = fmt.Sprintf("%s refused: %s", f.peer(s), described(code, message))

	case s.operation.name == opWebIdentity && (strings.HasPrefix(code, "ExpiredToken") || code == "InvalidIdentityToken"):
		e.Kind, e.Code = Refused, CodeWebIdentity
		e.Message = fmt.Sprintf("%s refused the web identity token: %s", f.peer(s), described(code, message))

	case skewed(code, message):
		e.Kind = ClockSkew
		e.Message = fmt.Sprintf("the clock of this machine is %s, so %s refused the request (%s)", f.wrongBy(r), f.peer(s), code)

	case strings.HasPrefix(code, "AccessDenied"), code == "UnauthorizedOperation", code == "ForbiddenException":
		f.denied(e, s, message)

	case r.status >= http.StatusInternalServerError:
		e.Kind = Refused
		e.Message = fmt.Sprintf("%s has a failure of its own: %s", f.peer(s), described(code, message))

	default:
		e.Kind = Refused
		e.Message = fmt.Sprintf("%s refused: %s", f.peer(s), described(code, message))
	}
	return e
}

// described joins a code and AWS's words for it, either of which may be empty.
func described(code, message string) string {
	if message == "" || message == "UnknownError" || message == code {
		return code
	}
	return code + ": " + message
}

// denied says who may not do what, in AWS's words where there are any.
func (f *fetch) denied(e *Error, s stage, message string) {
	e.Kind = AccessDenied
	e.Principal, e.Action = Denial(message)
	if e.Action == "" {
		e.Action = s.operation.action
	}
	if e.Action == "" {
		e.Action = string(f.request.Registry.Service) + ":GetAuthorizationToken"
	}
	who := e.Principal
	if who == "" {
		who = "the principal of the credentials found"
	}
	e.Message = fmt.Sprintf("access denied: %s may not call %s", who, e.Action)
	if s.role != "" {
		e.Message = fmt.Sprintf("access denied: %s may not assume the role %s (%s)", who, s.role, e.Action)
	}
	if _, because, ok := strings.Cut(message, " because "); ok {
		e.Message += ", because " + because
	} else if e.Principal == "" && message != "" {
		e.Message += ": " + message
	}
}

// Denial takes principal and action out of IAM's wording, "User: ARN is not
// authorized to perform: ACTION on resource: ARN because ...".
func Denial(message string) (principal, action string) {
	if _, rest, ok := strings.Cut(message, "User: "); ok {
		principal, _, _ = strings.Cut(rest, " is not authorized")
		if strings.ContainsRune(principal, ' ') {
			principal = ""
		}
	}
	if _, rest, ok := strings.Cut(message, "perform: "); ok {
		action, _, _ = strings.Cut(rest, " ")
		action = strings.TrimRight(action, ".,;")
	}
	return principal, action
}

// skewed reports whether AWS refused a signature for its time. The codes are
// those of the SDK's retryer; the two general ones need the wording as well.
func skewed(code, message string) bool {
	switch code {
	case "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture":
		return true
	case "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure":
		return strings.Contains(message, "Signature expired") || strings.Contains(message, "Signature not yet current")
	}
	return false
}

// wrongBy says how wrong the local clock is, by the date of the refusal.
func (f *fetch) wrongBy(r response) string {
	date, err := http.ParseTime(r.header.Get("Date"))
	if err != nil {
		return "wrong"
	}
	switch skew := date.Sub(f.now()).Round(time.Second); {
	case skew.Abs() < leastSkew:
		return "wrong, or the server's is"
	case skew > 0:
		return fmt.Sprintf("%v behind", skew)
	default:
		return fmt.Sprintf("%v ahead", -skew)
	}
}
