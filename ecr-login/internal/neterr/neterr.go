// Package neterr explains why an HTTP request got no response.
//
// The text may contain what a proxy or server sent: a caller that shows it must redact it.
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
	"strings"
)

// Kind is the part of a connection that failed.
type Kind int

// The parts of a connection that may fail.
const (
	Connection Kind = iota
	Name            // the host's name did not resolve
	Proxy           // the proxy cannot be reached, or refused
	TLS             // the certificate or TLS version was not accepted
	NoCAs           // the certificate was not accepted, and this system trusts no CA
)

// proxyRefusal is a proxy's response to CONNECT other than 200. Without it, net/http reports only
// the status text.
type proxyRefusal struct{ status int }

func (e *proxyRefusal) Error() string {
	return fmt.Sprintf("the proxy returned HTTP %d (%s)", e.status, strings.ToLower(http.StatusText(e.status)))
}

// RefuseProxy is an OnProxyConnectResponse for http.Transport. With it, Explain knows the status
// that the proxy returned.
func RefuseProxy(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode != http.StatusOK {
		return &proxyRefusal{r.StatusCode}
	}
	return nil
}

// Explain returns why a request got no response, in words and as a Kind. systemCAs says that the
// client verified certificates with the CAs of the system.
func Explain(err error, systemCAs bool) (text string, kind Kind) {
	var (
		refusal   *proxyRefusal
		operation *net.OpError
		name      *net.DNSError
		authority x509.UnknownAuthorityError
		roots     x509.SystemRootsError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		noTLS     tls.RecordHeaderError
		network   net.Error
	)
	switch {
	case errors.As(err, &refusal):
		return refusal.Error(), Proxy
	case errors.As(err, &operation) && operation.Op == "proxyconnect" && errors.Is(err, refused):
		return "the proxy cannot be reached: connection refused", Proxy
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return "the proxy cannot be reached: " + innermost(operation.Err), Proxy
	case errors.As(err, &name) && name.IsTimeout:
		return fmt.Sprintf("the name %q was not resolved in time", name.Name), Name
	case errors.As(err, &name):
		return fmt.Sprintf("the name %q does not resolve", name.Name), Name
	case errors.As(err, &roots), errors.As(err, &authority) && systemCAs && !hasSystemCAs():
		return "its certificate cannot be verified: this system has no CA certificates", NoCAs
	case errors.As(err, &authority):
		return "its certificate is signed by an unknown CA", TLS
	case errors.As(err, &hostname):
		return "its certificate is for another name", TLS
	case errors.As(err, &invalid):
		return innermost(invalid), TLS
	case errors.As(err, &noTLS):
		return "it does not use TLS", TLS
	case errors.Is(err, refused):
		return "connection refused", Connection
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, reset):
		return "it closed the connection without a response", Connection
	case errors.As(err, &network) && network.Timeout():
		return "it does not respond", Connection
	}
	text = innermost(err)
	if strings.Contains(text, "tls: ") {
		return text, TLS
	}
	return text, Connection
}

// IsUnreachable reports whether the system found no way to a host, or the host refused the
// connection.
func IsUnreachable(err error) bool {
	return errors.Is(err, refused) || errors.Is(err, hostUnreachable) || errors.Is(err, networkUnreachable)
}

// hasSystemCAs reports whether the system has CA certificates.
func hasSystemCAs() bool {
	pool, err := x509.SystemCertPool()
	return err != nil || !pool.Equal(x509.NewCertPool())
}

// innermost returns the text of the innermost error: what happened, without the callers' prefixes.
func innermost(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
