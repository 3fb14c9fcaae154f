package token

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
	"syscall"
)

// proxyRefusal is a proxy's answer to CONNECT other than 200. Without it
// net/http reports nothing but the status text.
type proxyRefusal struct{ status int }

func (e *proxyRefusal) Error() string {
	return fmt.Sprintf("the proxy answered HTTP %d (%s)", e.status, strings.ToLower(http.StatusText(e.status)))
}

// RefuseProxy is an http.Transport's OnProxyConnectResponse by which WhyUnreachable
// then knows what the proxy said.
func RefuseProxy(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode != http.StatusOK {
		return &proxyRefusal{r.StatusCode}
	}
	return nil
}

// WhyUnreachable says in words why an HTTP request got no answer: name,
// connection, proxy, certificate. isTLS tells that TLS was the reason.
func WhyUnreachable(err error) (why string, isTLS bool) {
	var (
		refusal   *proxyRefusal
		operation *net.OpError
		name      *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		noTLS     tls.RecordHeaderError
		network   net.Error
	)
	switch {
	case errors.As(err, &refusal):
		return refusal.Error(), false
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return "the proxy cannot be reached: " + plain(operation.Err), false
	case errors.As(err, &name) && name.IsTimeout:
		return fmt.Sprintf("the name %q was not resolved in time", name.Name), false
	case errors.As(err, &name):
		return fmt.Sprintf("the name %q does not resolve", name.Name), false
	case errors.As(err, &authority):
		return "its certificate is signed by an unknown authority", true
	case errors.As(err, &hostname):
		return "its certificate is for another name", true
	case errors.As(err, &invalid):
		return plain(invalid), true
	case errors.As(err, &noTLS):
		return "it does not speak TLS", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused", false
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "it closed the connection without an answer", false
	case errors.As(err, &network) && network.Timeout():
		return "it does not answer", false
	}
	why = plain(err)
	return why, strings.Contains(why, "tls: ")
}
