package ecrtest

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// countingListener counts the connections it accepts.
type countingListener struct {
	net.Listener
	count *atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.count.Add(1)
	}
	return conn, err
}

// opConnect is the request for a tunnel through the proxy.
var opConnect = &operation{
	name:        "proxy:CONNECT",
	contentType: "text/plain",
	refuse: func(no refusal) answer {
		status := no.status
		if status == 0 {
			status = http.StatusForbidden
		}
		return answer{status: status, contentType: "text/plain", body: []byte(no.message + "\n"), code: no.code}
	},
}

// handleProxy is an HTTP proxy that connects to no other host: the server answers requests with an
// absolute URL, and those in a tunnel, itself.
func (s *Server) handleProxy(w http.ResponseWriter, r *http.Request) {
	host := hostName(r.Host)
	s.noteHost(host)
	if r.Method != http.MethodConnect {
		s.handle(w, r)
		return
	}
	c := &call{Request: r, op: opConnect, host: host}
	fault := s.takeFault(opConnect.name)
	s.count(opConnect.name)
	if !s.pass(r.Context(), fault) {
		s.record(s.entry(c, answer{}))
		panic(http.ErrAbortHandler)
	}
	if fault.replaces() {
		a := fault.answer(c)
		s.record(s.entry(c, a))
		write(w, a, fault.Truncate, s.serial.Add(1))
		return
	}
	s.record(s.entry(c, answer{status: http.StatusOK}))
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		conn.Close()
		return
	}
	// The client may have sent data right after the 200, which the server's reader has buffered.
	quick := &quickConn{Conn: conn, early: make([]byte, buffered.Reader.Buffered())}
	_, _ = buffered.Read(quick.early)
	s.tunnels.hand(tls.Server(quick, s.authority.serverConfig(host)))
}

// quickConn is a connection whose first bytes were already read.
type quickConn struct {
	net.Conn
	early []byte
}

func (c *quickConn) Read(p []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(p, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// tunnelListener is a listener that returns the tunnels through the proxy.
type tunnelListener struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newTunnelListener(addr net.Addr) *tunnelListener {
	return &tunnelListener{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *tunnelListener) hand(c net.Conn) {
	select {
	case l.conns <- c:
	case <-l.closed:
		c.Close()
	}
}

func (l *tunnelListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *tunnelListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *tunnelListener) Addr() net.Addr { return l.addr }

// Transport returns a transport for a client in the same process. It connects to this server for
// every host name and trusts its certificate authority, so that ECR's host names work without a
// hosts file. It uses TLS for https URLs.
func (s *Server) Transport() *http.Transport {
	dial := func(ctx context.Context, addr string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	}
	config := &tls.Config{RootCAs: s.authority.pool}
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dial(ctx, s.plainAddr)
		},
		DialTLSContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			raw, err := dial(ctx, s.tlsAddr)
			if err != nil {
				return nil, err
			}
			c := config.Clone()
			c.ServerName = hostName(addr)
			conn := tls.Client(raw, c)
			if err := conn.HandshakeContext(ctx); err != nil {
				raw.Close()
				return nil, err
			}
			return conn, nil
		},
	}
}

// silentListener accepts connections and never answers.
type silentListener struct {
	net.Listener
	accepted func()
	mu       sync.Mutex
	conns    []net.Conn
	closed   bool
}

// BlackHole opens an address that accepts connections and never answers, until Close, and returns
// its URL. It stands for the metadata service of a network that drops packets, or for a proxy or
// endpoint that hangs. Every connection counts as a call of "black-hole".
func (s *Server) BlackHole() string {
	l, err := s.listen("")
	if err != nil {
		s.fatal(err)
	}
	hole := &silentListener{Listener: l, accepted: func() { s.count("black-hole") }}
	s.mu.Lock()
	s.blackHoles = append(s.blackHoles, hole)
	s.mu.Unlock()
	s.running.Go(hole.run)
	return "http://" + l.Addr().String()
}

func (l *silentListener) run() {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		l.mu.Lock()
		if l.closed {
			conn.Close()
		} else {
			l.conns = append(l.conns, conn)
		}
		l.mu.Unlock()
		l.accepted()
	}
}

func (l *silentListener) Close() error {
	err := l.Listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, c := range l.conns {
		c.Close()
	}
	return err
}
