package neterr

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

// The errors are built as net/http builds them: a server on loopback cannot cause them all.
func TestExplain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want string
		kind Kind
	}{
		{"no such name", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "ecr.example", Server: "192.0.2.53:53", IsNotFound: true}}, `the name "ecr.example" does not resolve`, Name},
		{"name server silent", &net.DNSError{Err: "i/o timeout", Name: "ecr.example", IsTimeout: true}, `the name "ecr.example" was not resolved in time`, Name},
		{"name server silent, by net/http", &url.Error{Op: "Post", URL: "https://ecr.example/", Err: &net.DNSError{Name: "ecr.example", IsTimeout: true}}, "not resolved in time", Name},
		{"proxy's name", &net.OpError{Op: "proxyconnect", Err: &net.DNSError{Err: "no such host", Name: "proxy.example"}}, "the proxy cannot be reached: lookup proxy.example: no such host", Proxy},
		{"proxy refuses the tunnel", &proxyRefusal{http.StatusForbidden}, "the proxy returned HTTP 403 (forbidden)", Proxy},
		{"unknown authority", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "signed by an unknown CA", TLS},
		{"another name", &tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "ecr.example"}}, "for another name", TLS},
		{"certificate over", &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}}, "expired", TLS},
		{"no TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "it does not use TLS", TLS},
		{"TLS too old", errors.New("remote error: tls: protocol version not supported"), "tls: protocol version not supported", TLS},
		{"refused", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", refused)}, "connection refused", Connection},
		{"reset", &net.OpError{Op: "read", Err: os.NewSyscallError("read", reset)}, "closed the connection", Connection},
		{"end of file", &url.Error{Op: "Post", URL: "https://ecr.example/?X-Amz-Signature=x", Err: io.EOF}, "closed the connection", Connection},
		{"timeout of its own", &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "it does not respond", Connection},
		{"anything else", fmt.Errorf("outer: %w", errors.New("the network is on holiday")), "the network is on holiday", Connection},
	}
	for _, test := range tests {
		if text, kind := Explain(fmt.Errorf("operation error ECR: %w", test.err), false); !strings.Contains(text, test.want) || kind != test.kind {
			t.Errorf("%s: %q, %d, want %q, %d", test.name, text, kind, test.want, test.kind)
		}
	}
}

func TestRefuseProxy(t *testing.T) {
	t.Parallel()
	for status, refused := range map[int]bool{200: false, 204: true, 301: true, 403: true, 407: true, 502: true} {
		err := RefuseProxy(context.Background(), nil, nil, &http.Response{StatusCode: status})
		if (err != nil) != refused {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// The constants are those of the system, which a real connection shows.
func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = http.Get("http://" + addr)
	if text, kind := Explain(err, false); text != "connection refused" || kind != Connection || !IsUnreachable(err) {
		t.Errorf("%q, %d, unreachable: %t", text, kind, IsUnreachable(err))
	}
}
