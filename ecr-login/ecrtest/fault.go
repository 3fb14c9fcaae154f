package ecrtest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Fault is a way in which an operation misbehaves. The zero value does nothing.
// Latency and Until delay, and combine with everything else; of the rest, the
// first that is set, in this order, is what happens.
type Fault struct {
	// Latency passes before anything else happens.
	Latency time.Duration
	// Until holds the request until the channel is closed: a delay that needs no
	// clock. The operation is counted before.
	Until <-chan struct{}

	// CloseConnection closes the connection without an answer.
	CloseConnection bool
	// Silence accepts the request and never answers.
	Silence bool
	// Body is the whole answer, with Status, or 200 if that is 0. Use it for
	// answers that are well-formed and wrong.
	Body []byte
	// Garbage answers, with Status, or 200 if that is 0, an HTML page that no AWS
	// service sends.
	Garbage bool
	// Status and Code are an error in the service's own form. Either may be left
	// out. Without a Message AWS's own text is used: the caller and the action
	// for AccessDeniedException, "Rate exceeded" for ThrottlingException.
	Status        int
	Code, Message string
	// RetryAfter is the Retry-After header of an error, rounded up to seconds; 0 for none.
	RetryAfter time.Duration
	// Truncate promises the whole answer, sends half and closes the connection.
	Truncate bool

	// Times is how many requests the fault lasts. 0 means until it is cleared.
	Times int
}

// AccessDenied is AWS's answer to a principal whose policies do not allow the
// action.
func AccessDenied() Fault { return Fault{Code: "AccessDeniedException"} }

// Throttled is AWS's answer above the request quota.
func Throttled() Fault { return Fault{Code: "ThrottlingException"} }

// Unavailable is a service that answers 503.
func Unavailable() Fault { return Fault{Status: http.StatusServiceUnavailable} }

// SetFault makes an operation misbehave, or every operation that has no fault of
// its own when op is "*". It replaces the operation's faults; several are used up
// one after the other, each as long as its Times says. Without a fault the
// operation is well again.
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

// takeFault is the fault that this request of op meets.
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

// pass lets the fault's delays pass. It reports whether there is to be an answer.
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

// replaces reports whether the fault answers in the operation's place.
func (f Fault) replaces() bool {
	return f.Body != nil || f.Garbage || f.Status != 0 || f.Code != ""
}

const garbage = "<html><head><title>Log in</title></head><body>Welcome to the conference hotel's network.</body></html>\n"

// answer is what the faulty operation answers to the call. Only a fault that
// replaces has one.
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
			no.message = "a fault that the test asked for"
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

// codeOf is the error code for a fault that names only an HTTP status.
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
	principals []string // none: everybody
}

// Deny takes the permission for an action away: "ecr:GetAuthorizationToken",
// "ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken",
// "sts:AssumeRole", or what the registry asks for: "ecr:BatchGetImage" to pull,
// "ecr:InitiateLayerUpload" and "ecr:PutImage" to push. From the principals
// named, each by the ARN of a user, a role or a role's session; from everybody
// when none is named.
func (s *Server) Deny(action string, principals ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denials = append(s.denials, denial{action, principals})
}

// Allow takes every Deny for an action back.
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

// isOneOf reports whether arn, or the role whose session it is, is in the list.
func isOneOf(arn string, list []string) bool {
	return slices.Contains(list, arn) || slices.Contains(list, roleOf(arn))
}

// notAuthorized is the text for a call whose caller lacks the permission.
func (c *call) notAuthorized(action string) string {
	resource := "*"
	if c.op.name == "sts:AssumeRole" {
		resource = c.form().Get("RoleArn")
	}
	return notAuthorized(c.caller.Principal.ARN, action, resource, "identity-based")
}

// notAuthorized is the text AWS sends with a denial since 2021.
func notAuthorized(arn, action, resource, policy string) string {
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s because no %s policy allows the %s action",
		arn, action, resource, policy, action)
}
