package ecrtest

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// Request is a request that the server has received.
type Request struct {
	Time      time.Time // by the server's clock
	Op        string    // "ecr:GetAuthorizationToken"; the package comment lists the operations
	Host      string    // the host name the client called, without a port
	Method    string
	Path      string
	Service   string // of the signature: "ecr", "ecr-public", "sts"; "" when unsigned
	Region    string // of the signature; "" when unsigned
	Principal string // ARN of the caller, or "" when it is not authenticated
	UserAgent string
	Status    int    // 0 when there was no answer
	Code      string // AWS error code of the answer, "" on success
}

// Calls returns how often an operation was called. Every attempt counts, also one that was refused,
// that got no answer because of a fault, or that the client cancelled.
func (s *Server) Calls(op string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op]
}

// Wait returns when an operation has been called at least n times, so that a test need not sleep.
// These calls have taken their faults, so that a later SetFault applies to the following ones. The
// error contains how often the operation was called when ctx ended.
func (s *Server) Wait(ctx context.Context, op string, n int) error {
	for {
		s.mu.Lock()
		have, changed := s.calls[op], s.changed
		s.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d calls of %s, had %d: %w", n, op, have, ctx.Err())
		}
	}
}

// Requests returns the requests of an operation, in order, or those of all operations when op is
// "".
func (s *Server) Requests(op string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rs []Request
	for _, r := range s.requests {
		if op == "" || r.Op == op {
			rs = append(rs, r)
		}
	}
	return rs
}

// Hosts returns the host names that were requested from the proxy, each once, in order.
func (s *Server) Hosts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.hosts)
}

// Connections returns the number of TCP connections that all listeners have accepted.
func (s *Server) Connections() int { return int(s.connections.Load()) }

// Reset clears calls, requests, host names and connections. Keys, tokens, sessions, images and
// faults stay.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.calls)
	s.requests = nil
	s.hosts = nil
	s.connections.Store(0)
}

func (s *Server) count(op string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[op]++
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) record(r Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r)
	s.mu.Unlock()
	s.log.Debug("request", "op", r.Op, "host", r.Host, "method", r.Method, "path", r.Path,
		"principal", r.Principal, "status", r.Status, "code", r.Code)
}

func (s *Server) noteHost(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.hosts, host) {
		s.hosts = append(s.hosts, host)
	}
}

// hostName returns a Host header without port and trailing dot, in lower case.
func hostName(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	host = strings.Trim(host, "[]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
