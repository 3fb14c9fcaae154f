package doctor

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/neterr"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// probeLimit bounds a request that only finds out whether a server answers: name resolution,
// connection, TLS and response together.
const probeLimit = 5 * time.Second

// A probe is one request and what it showed.
type probe struct {
	address   string    // of the server, without a proxy
	proxy     string    // "" for none
	trustedBy string    // the CA set that verified the certificate; "" without TLS
	date      time.Time // of the response; zero when it had none
	received  time.Time // when the response came, by the local clock

	forbidden func(netip.Addr) bool // addresses that are not connected to; nil for none
}

// path describes how the server was reached.
func (p probe) path() string {
	how := " at " + p.address
	if p.proxy != "" {
		how = " through proxy " + p.proxy
	}
	if p.trustedBy != "" {
		how += ", verified with " + p.trustedBy
	}
	return how
}

// client connects as Go clients do, through the environment's proxy, to servers that the CA sets
// verify. It follows no redirect, so that a token is sent to no other host.
func (t caSets) client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			OnProxyConnectResponse: neterr.RefuseProxy,
			TLSClientConfig:        &tls.Config{RootCAs: t.pool()},
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send sends a request and notes in the probe what it showed. The caller closes the response's
// body.
func (p *probe) send(t caSets, r *http.Request) (*http.Response, error) {
	if used, err := neterr.CheckProxy(r.URL); err != nil && used {
		return nil, err // a part of a password may have been taken for the proxy's host
	}
	if proxy, err := http.ProxyFromEnvironment(r); err == nil && proxy != nil {
		p.proxy = redact.URL(proxy)
	}
	trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
		p.address = c.Conn.RemoteAddr().String()
	}}
	client := t.client()
	if p.proxy == "" && p.forbidden != nil {
		client.Transport.(*http.Transport).DialContext = p.dialer().DialContext
	}
	response, err := client.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return nil, err
	}
	if r.URL.Scheme == "https" && response.TLS != nil { // else TLS ended at the proxy
		p.trustedBy = t.trustSource(response.TLS.PeerCertificates)
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		p.date = date
	}
	return response, nil
}

// dialer refuses forbidden addresses, whatever name resolves to them.
func (p *probe) dialer() *net.Dialer {
	return &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err == nil && p.forbidden(at.Addr()) {
			return fmt.Errorf("its address %s is %s", at.Addr(), localOnly)
		}
		return err
	}}
}

// unreachable returns the finding of a request without a usable response. Secrets that may have
// been sent are redacted, because a broken response may repeat them.
func (p probe) unreachable(host string, err error, secrets ...string) Finding {
	why, kind := neterr.Explain(err, os.Getenv("AWS_CA_BUNDLE") == "")
	isTLS := kind == neterr.TLS
	why = redact.Text(why, append(secrets, proxySecrets(host)...)...)
	var through string
	if p.proxy != "" {
		through = " through proxy " + p.proxy
	}
	fix := "check the network; behind a proxy set HTTPS_PROXY"
	var proxy *neterr.ProxyError
	_, ignored := neterr.CheckProxy(&url.URL{Scheme: "https", Host: host})
	switch {
	case isTLS && p.proxy != "":
		fix = "add the proxy's CA to AWS_CA_BUNDLE, and for Docker's daemon to " + daemonDirectory + "/" + host
	case isTLS:
		fix = "if the host has a private CA, add it to AWS_CA_BUNDLE, and for Docker's daemon to " + daemonDirectory + "/" + host
	case kind == neterr.NoCAs:
		fix = "install the package ca-certificates"
	case p.proxy != "":
		fix = "check HTTPS_PROXY and NO_PROXY"
	case errors.As(err, &proxy), errors.As(ignored, &proxy):
		fix = proxy.Error() + ": " + proxy.Hint()
	case kind == neterr.Name:
		fix = "check the host name, its region, and DNS; behind a proxy set HTTPS_PROXY"
	}
	return fail(fix, "cannot reach %s%s: %s", host, through, why)
}

// badBundle returns the finding about a configured CA bundle that cannot be used.
func badBundle(file string, err error) Finding {
	const fix = "correct AWS_CA_BUNDLE, or ca_bundle of the profile"
	var path *fs.PathError
	if errors.As(err, &path) {
		return fail(fix, "cannot read the CA bundle %s: %v", file, path.Err)
	}
	return fail(fix, "cannot use the CA bundle %s: %v", file, err)
}
