package ecrtest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Fault is a way in which an operation fails. The zero value does nothing. Latency and Until delay
// the answer and combine with the other fields. Of these, the first that is set applies.
type Fault struct {
	// Latency is the time before the answer.
	Latency time.Duration
	// Until delays the answer until the channel is closed: a delay without a clock. The call is
	// counted before.
	Until <-chan struct{}

	// CloseConnection closes the connection without an answer.
	CloseConnection bool
	// Silence accepts the request and never answers.
	Silence bool
	// Body is the answer, with Status, or 200 if that is 0. Use it for answers that are well-formed
	// and wrong.
	Body []byte
	// Garbage answers with an HTML page that no AWS service sends, and with Status, or 200 if that
	// is 0.
	Garbage bool
	// Status and Code are an error in the service's own format. One of them may be zero. Without a
	// Message the text is AWS's: the caller and the action for AccessDeniedException, "Rate
	// exceeded" for ThrottlingException.
	Status        int
	Code, Message string
	// RetryAfter is the Retry-After header of an error, rounded up to seconds; 0 for none.
	RetryAfter time.Duration
	// Truncate sends half of the answer and closes the connection.
	Truncate bool

	// Times is the number of requests that the fault applies to. 0 means until it is cleared.
	Times int
}

// AccessDenied returns AWS's error for a principal whose policies do not allow the action.
func AccessDenied() Fault { return Fault{Code: "AccessDeniedException"} }

// Throttled returns AWS's error above the request quota.
func Throttled() Fault { return Fault{Code: "ThrottlingException"} }

// Unavailable returns the error of a service that answers 503.
func Unavailable() Fault { return Fault{Status: http.StatusServiceUnavailable} }

// SetFault sets the faults of an operation, or, when op is "*", of every operation without faults
// of its own. It replaces the operation's earlier faults. Several faults apply one after the other,
// each for its Times. Without a fault the operation works again.
func (s *Server) SetFault(op string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(faults) == 0 {
		delete(s.faults, op)
		return
	}
	list := make([]*Fault, len(faults))
	for i, f := range faults {
		list[i] = &f
	}
	s.faults[op] = list
}

// takeFault returns the fault for a request of op.
func (s *Server) takeFault(op string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range []string{op, "*"} {
		list := s.faults[key]
		if len(list) == 0 {
			continue
		}
		f := *list[0]
		if f.Times > 0 {
			if list[0].Times--; list[0].Times == 0 {
				s.faults[key] = list[1:]
			}
		}
		return f
	}
	return Fault{}
}

// pass waits for the fault's delays. It reports whether the request gets an answer.
func (s *Server) pass(ctx context.Context, f Fault) bool {
	if f.Latency > 0 {
		timer := time.NewTimer(f.Latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return false
		case <-s.closed:
			return false
		}
	}
	if f.Until != nil {
		select {
		case <-f.Until:
		case <-ctx.Done():
			return false
		case <-s.closed:
			return false
		}
	}
	if f.CloseConnection {
		return false
	}
	if f.Silence {
		select {
		case <-ctx.Done():
		case <-s.closed:
		}
		return false
	}
	return true
}

// replaces reports whether the fault answers instead of the operation.
func (f Fault) replaces() bool {
	return f.Body != nil || f.Garbage || f.Status != 0 || f.Code != ""
}

const garbage = "<html><head><title>Log in</title></head><body>Welcome to the conference hotel's network.</body></html>\n"

// answer returns the answer of a fault for which replaces returns true.
func (f Fault) answer(c *call) answer {
	op, status := c.op, f.Status
	switch {
	case f.Body != nil:
		if status == 0 {
			status = http.StatusOK
		}
		return answer{status: status, contentType: op.contentType, body: f.Body}
	case f.Garbage:
		if status == 0 {
			status = http.StatusOK
		}
		return answer{status: status, contentType: "text/html", body: []byte(garbage), header: f.header()}
	}
	no := refusal{status: f.Status, code: f.Code, message: f.Message}
	if no.code == "" {
		no.code = codeOf(no.status)
	}
	if no.message == "" {
		switch no.code {
		case "AccessDeniedException":
			no.message = c.notAuthorized(op.name)
		case "ThrottlingException":
			no.message = "Rate exceeded"
		default:
			no.message = "a fault set by the test"
		}
	}
	a := op.refuse(no)
	for key, values := range f.header() {
		if a.header == nil {
			a.header = http.Header{}
		}
		a.header[key] = values
	}
	return a
}

// header returns the headers that the fault adds to a response.
func (f Fault) header() http.Header {
	if f.RetryAfter <= 0 {
		return nil
	}
	seconds := int64((f.RetryAfter + time.Second - 1) / time.Second)
	return http.Header{"Retry-After": {strconv.FormatInt(seconds, 10)}}
}

// codeOf returns the error code for a fault with only an HTTP status.
func codeOf(status int) string {
	switch status {
	case http.StatusForbidden:
		return "AccessDeniedException"
	case http.StatusTooManyRequests:
		return "ThrottlingException"
	case http.StatusServiceUnavailable:
		return "ServiceUnavailableException"
	}
	if status >= 500 {
		return "InternalServerException"
	}
	return "ValidationException"
}

type denial struct {
	action     string
	principals []string // empty means all
}

// Deny denies an action: "ecr:GetAuthorizationToken" or another action of ECR's API,
// "ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken", "sts:AssumeRole", or one that
// the registry requires: "ecr:BatchGetImage" to pull, "ecr:InitiateLayerUpload" and "ecr:PutImage"
// to push. It is denied to the given principals, each the ARN of a user, a role or a role's
// session, or to all when none is given.
func (s *Server) Deny(action string, principals ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denials = append(s.denials, denial{action, principals})
}

// Allow reverts every Deny for an action.
func (s *Server) Allow(action string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denials = slices.DeleteFunc(s.denials, func(d denial) bool { return d.action == action })
}

func (s *Server) denied(action, arn string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.denials, func(d denial) bool {
		return d.action == action && (len(d.principals) == 0 || isOneOf(arn, d.principals))
	})
}

// isOneOf reports whether the list contains arn or the role of which arn is a session.
func isOneOf(arn string, list []string) bool {
	return slices.Contains(list, arn) || slices.Contains(list, roleOf(arn))
}

// notAuthorized returns the message for a call without permission.
func (c *call) notAuthorized(action string) string {
	resource := "*"
	if c.op.name == "sts:AssumeRole" {
		resource = c.form().Get("RoleArn")
	}
	return notAuthorized(c.caller.Principal.ARN, action, resource, "identity-based")
}

// notAuthorized returns the message that AWS sends with a denial since 2021.
func notAuthorized(arn, action, resource, policy string) string {
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s because no %s policy allows the %s action",
		arn, action, resource, policy, action)
}
