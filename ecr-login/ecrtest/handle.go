package ecrtest

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// operation is an operation that clients can call.
type operation struct {
	name        string // as in Calls
	contentType string // of its answers
	// signed is the service name in the request's signature; "" takes requests
	// without one.
	signed string
	// act runs the operation, after the signature was verified and when no fault applies.
	act func(s *Server, c *call) answer
	// refuse returns an error in the service's own format.
	refuse func(refusal) answer
	// stream writes the answer itself and replaces act. The registry uses it, so that bodies are
	// not copied in memory.
	stream func(s *Server, w http.ResponseWriter, c *call)
}

// call is one request of an operation.
type call struct {
	*http.Request
	op     *operation
	host   string
	body   []byte
	caller Credentials // that signed the request
	scope  scope       // of the signature
}

// answer is a response.
type answer struct {
	status      int
	contentType string
	header      http.Header // may be nil
	body        []byte
	code        string // AWS error code, for Request.Code
}

// refusal is an AWS error before it is written in a service's format. Status 0 means the service's
// status for the code.
type refusal struct {
	status  int
	code    string
	message string
}

// maxRequest is larger than any API request. The largest part of one is a web identity token.
const maxRequest = 1 << 20

// handle answers every request of every listener.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, host: requestedHost(r)}
	c.op = s.route(c)
	fault := s.takeFault(c.op.name)
	if s.limited(c.op.name) {
		fault = Throttled()
	}
	s.count(c.op.name)

	// Read before any delay: only then does net/http notice that a client closes the connection.
	if c.op.stream == nil && c.body == nil {
		c.body = readBody(r)
	}
	if !s.pass(r.Context(), fault) {
		s.record(s.entry(c, answer{}))
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))

	if c.op.stream != nil && !fault.replaces() {
		s.stream(w, c, fault)
		return
	}
	a := s.answer(c, fault)
	s.record(s.entry(c, a))
	write(w, a, fault.Truncate, s.serial.Add(1))
}

// readBody returns the body. When a client stops early, the body is incomplete and its signature
// does not match.
func readBody(r *http.Request) []byte {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if body == nil {
		body = []byte{}
	}
	return body
}

func (s *Server) answer(c *call, fault Fault) answer {
	if c.op.signed != "" {
		if no := s.verify(c); no != nil {
			return c.op.refuse(*no)
		}
	}
	if fault.replaces() {
		return fault.answer(c)
	}
	if c.op.signed != "" && s.denied(c.op.name, c.caller.Principal.ARN) {
		return c.op.refuse(refusal{code: "AccessDeniedException", message: c.notAuthorized(c.op.name)})
	}
	return c.op.act(s, c)
}

func (s *Server) stream(w http.ResponseWriter, c *call, fault Fault) {
	if !fault.Truncate {
		noted := &statusWriter{ResponseWriter: w}
		c.op.stream(s, noted, c)
		s.record(s.entry(c, answer{status: noted.status}))
		return
	}
	held := &heldWriter{header: w.Header(), status: http.StatusOK}
	c.op.stream(s, held, c)
	a := answer{status: held.status, body: held.body, contentType: held.header.Get("Content-Type")}
	s.record(s.entry(c, a))
	write(w, a, true, s.serial.Add(1))
}

func (s *Server) entry(c *call, a answer) Request {
	return Request{
		Time:      s.Now(),
		Op:        c.op.name,
		Host:      c.host,
		Method:    c.Method,
		Path:      c.URL.Path,
		Service:   c.scope.service,
		Region:    c.scope.region,
		Principal: c.caller.Principal.ARN,
		UserAgent: c.UserAgent(),
		Status:    a.status,
		Code:      a.code,
	}
}

func write(w http.ResponseWriter, a answer, truncate bool, serial int64) {
	h := w.Header()
	for k, v := range a.header {
		h[k] = v
	}
	if a.contentType != "" {
		h.Set("Content-Type", a.contentType)
	}
	if h.Get("X-Amzn-Requestid") == "" {
		h.Set("X-Amzn-Requestid", fmt.Sprintf("00000000-0000-4000-8000-%012d", serial))
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	if !truncate {
		// An error means that the client has closed the connection.
		_, _ = w.Write(a.body)
		return
	}
	_, _ = w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// requestedHost returns the host name that the client requested: the Host header, or the name in
// the TLS handshake when the header has only an address.
func requestedHost(r *http.Request) string {
	host := hostName(r.Host)
	if r.TLS != nil && r.TLS.ServerName != "" && isAddress(host) {
		return hostName(r.TLS.ServerName)
	}
	return host
}

// route returns the operation of a request. The JSON services have a target header, STS has a form,
// and the others differ by path.
func (s *Server) route(c *call) *operation {
	path, post := c.URL.Path, c.Method == http.MethodPost
	if target := c.Header.Get("X-Amz-Target"); target != "" {
		action, ok := strings.CutPrefix(target, ecrTarget)
		switch {
		case target == ecrPublicTarget:
			return opECRPublic
		case ok && ecrOperations[action] != nil:
			return ecrOperations[action]
		}
		return unknown(refuseJSON)
	}
	switch {
	case strings.HasPrefix(path, "/latest/"):
		return routeMetadata(c)
	case path == "/federation/credentials":
		return opSSORoleCredentials
	case path == "/token" && post:
		return opSSOCreateToken
	case path == "/v1/token" && post:
		return opSigninCreateToken
	case s.isContainerPath(path):
		return opContainer
	case path == "/v2" || strings.HasPrefix(path, "/v2/"):
		return opRegistry
	case path == "/token/" && isPublicHost(c.host):
		return opRegistryToken
	case path == "/" && post:
		return routeSTS(c)
	}
	return unknown(refuseREST)
}

// unknown returns the operation for unknown requests.
func unknown(refuse func(refusal) answer) *operation {
	return &operation{
		name:   "unknown",
		refuse: refuse,
		act: func(*Server, *call) answer {
			return refuse(refusal{status: http.StatusNotFound, code: "UnknownOperationException",
				message: "ecrtest does not support this operation"})
		},
	}
}

// statusWriter records the status of a response.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// heldWriter holds a response in memory.
type heldWriter struct {
	header http.Header
	status int
	body   []byte
}

func (w *heldWriter) Header() http.Header         { return w.header }
func (w *heldWriter) WriteHeader(status int)      { w.status = status }
func (w *heldWriter) Write(b []byte) (int, error) { w.body = append(w.body, b...); return len(b), nil }
