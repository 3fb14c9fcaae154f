package ecrtest

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Options are the options of Start. The zero value is right for most callers.
type Options struct {
	// Dir is the directory for the certificate authority's file. "" means a temporary directory,
	// which Close removes.
	Dir string
	// Addr, TLSAddr and ProxyAddr are the addresses to listen on. "" means a free port of
	// 127.0.0.1. Use TLSAddr "127.0.0.1:443" when a hosts file maps ECR's host names to loopback.
	Addr, TLSAddr, ProxyAddr string
	// Host is the host name in the server's URLs, for clients on other machines and in containers.
	// "" means the address of the listener. It is also a name of the registry of Account and
	// Region.
	Host string
	// Clock is the server's clock. Nil means time.Now.
	Clock func() time.Time
	// Log gets a debug record for each request. Nil means no log.
	Log *slog.Logger
}

// Server is the fake AWS. Its methods may be called at any time, from any goroutine.
type Server struct {
	// URL is the address of all operations over HTTP, for AWS_ENDPOINT_URL,
	// AWS_EC2_METADATA_SERVICE_ENDPOINT and so on.
	URL string
	// TLSURL is the same over TLS, with a certificate of the server's own authority for any host
	// name.
	TLSURL string
	// ProxyURL is an HTTP proxy (HTTPS_PROXY) that terminates TLS for every host name and answers
	// itself. It connects to no other host. See Hosts.
	ProxyURL string
	// CAFile is the authority's certificate, PEM (AWS_CA_BUNDLE).
	CAFile string
	// Registry and RegistryTLS are the host:port of the registry, without and with TLS.
	Registry, RegistryTLS string

	tb        testing.TB
	log       *slog.Logger
	authority *authority
	tempDir   string

	webIdentityKey string
	host           string // Options.Host

	plainAddr, tlsAddr string // of the listeners

	servers     []*http.Server
	tunnels     *tunnelListener
	running     sync.WaitGroup
	closed      chan struct{}
	closeOnce   sync.Once
	connections atomic.Int64
	serial      atomic.Int64

	mu         sync.Mutex
	clock      func() time.Time
	offset     time.Duration
	blackHoles []*silentListener
	state
}

// New starts a Server and closes it when the test ends. A failure in a method without an error
// result fails the test.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := Start(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s.tb = t
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("ecrtest: closing: %v", err)
		}
	})
	return s
}

// Start starts a Server for a program that is not a test. The caller must close it. A failure in a
// method without an error result is a panic.
func Start(o Options) (*Server, error) {
	s := &Server{
		log:    o.Log,
		closed: make(chan struct{}),
		clock:  o.Clock,
		state:  newState(),
		host:   o.Host,

		webIdentityKey: rand.Text(),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if err := s.start(o); err != nil {
		s.Close()
		return nil, fmt.Errorf("starting the fake AWS: %w", err)
	}
	return s, nil
}

func (s *Server) start(o Options) error {
	dir := o.Dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "ecrtest-"); err != nil {
			return err
		}
		s.tempDir = dir
	}
	var err error
	if s.authority, err = newAuthority(dir); err != nil {
		return err
	}
	s.CAFile = s.authority.file

	plain, err := s.listen(o.Addr)
	if err != nil {
		return err
	}
	s.plainAddr = plain.Addr().String()
	s.Registry = s.public(plain)
	s.URL = "http://" + s.Registry
	s.serve(plain, s.handle)

	secure, err := s.listen(o.TLSAddr)
	if err != nil {
		return err
	}
	s.tlsAddr = secure.Addr().String()
	s.RegistryTLS = s.public(secure)
	s.TLSURL = "https://" + s.RegistryTLS
	s.serve(tls.NewListener(secure, s.authority.serverConfig("")), s.handle)

	proxy, err := s.listen(o.ProxyAddr)
	if err != nil {
		return err
	}
	s.ProxyURL = "http://" + s.public(proxy)
	s.serve(proxy, s.handleProxy)

	s.tunnels = newTunnelListener(proxy.Addr())
	s.serve(s.tunnels, s.handle)
	return nil
}

// public returns the host:port with which clients reach a listener.
func (s *Server) public(l net.Listener) string {
	addr := l.Addr().String()
	if s.host == "" {
		return addr
	}
	_, port, _ := net.SplitHostPort(addr)
	return net.JoinHostPort(s.host, port)
}

// listen opens a listener whose accepted connections are counted.
func (s *Server) listen(addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &countingListener{Listener: l, count: &s.connections}, nil
}

func (s *Server) serve(l net.Listener, h http.HandlerFunc) {
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !s.enter() {
				panic(http.ErrAbortHandler)
			}
			defer s.running.Done()
			h.ServeHTTP(w, r)
		}),
		// Interrupted handshakes are normal in tests.
		ErrorLog: log.New(io.Discard, "", 0),
		// HTTP/2 is disabled, so that connections can be counted and closed one by one.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	s.servers = append(s.servers, server)
	s.running.Go(func() {
		// Clients notice a failed listener.
		_ = server.Serve(l)
	})
}

// enter makes Close wait for a handler. It returns false when the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return false
	default:
		s.running.Add(1)
		return true
	}
}

// Close stops the server and waits for its goroutines. It closes the connections of delayed
// requests. It may be called twice.
func (s *Server) Close() error {
	var errs []error
	s.closeOnce.Do(func() {
		s.mu.Lock()
		close(s.closed)
		holes := s.blackHoles
		s.mu.Unlock()
		for _, h := range holes {
			errs = append(errs, h.Close())
		}
		if s.tunnels != nil {
			errs = append(errs, s.tunnels.Close())
		}
		for _, server := range s.servers {
			errs = append(errs, server.Close())
		}
		s.running.Wait()
		if s.tempDir != "" {
			errs = append(errs, os.RemoveAll(s.tempDir))
		}
	})
	return errors.Join(errs...)
}

// fatal fails the test, or panics without a test, because a method without an error result failed.
func (s *Server) fatal(err error) {
	if s.tb != nil {
		s.tb.Helper()
		s.tb.Fatalf("ecrtest: %v", err)
	}
	panic(fmt.Sprintf("ecrtest: %v", err))
}
