package doctor

import (
	"cmp"
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
	"strings"
	"syscall"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// reachLimit is for one request of those that only find out whether somebody answers: name, connection, TLS and answer
// together.
const reachLimit = 5 * time.Second

// A visit is one request and what was seen on the way.
type visit struct {
	address   string    // of the server, when there was no proxy
	proxy     string    // "" for none
	trustedBy string    // "" without TLS
	date      time.Time // of the answer; zero when it had none
	asked     time.Time // when the answer came, by the local clock

	shuns func(netip.Addr) bool // the addresses that are not to be visited; nil for none
}

// path tells how a server was reached.
func (v visit) path() string {
	how := " at " + v.address
	if v.proxy != "" {
		how = " through proxy " + v.proxy
	}
	if v.trustedBy != "" {
		how += ", its certificate trusted by " + v.trustedBy
	}
	return how
}

// client goes where Go clients go: through the environment's proxy, to whom the authorities vouch for. It follows no
// redirect, so that what is sent stays with whom it was meant for.
func (t trust) client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			OnProxyConnectResponse: token.RefuseProxy,
			TLSClientConfig:        &tls.Config{RootCAs: t.pool()},
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send sends a request and notes in the visit what was seen. The caller closes the answer's body.
func (v *visit) send(t trust, r *http.Request) (*http.Response, error) {
	if proxy, err := http.ProxyFromEnvironment(r); err == nil && proxy != nil {
		v.proxy = redact.URL(proxy)
	}
	trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
		v.address = c.Conn.RemoteAddr().String()
	}}
	client := t.client()
	if v.proxy == "" && v.shuns != nil {
		client.Transport.(*http.Transport).DialContext = v.dialer().DialContext
	}
	response, err := client.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return nil, err
	}
	if r.URL.Scheme == "https" && response.TLS != nil { // else it is the proxy's
		v.trustedBy = t.whose(response.TLS.PeerCertificates)
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		v.date = date
	}
	return response, nil
}

// dialer goes to no address that the visit shuns, whatever name led there.
func (v *visit) dialer() *net.Dialer {
	return &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err == nil && v.shuns(at.Addr()) {
			return fmt.Errorf("its address %s is %s, which is not visited", at.Addr(), shunned)
		}
		return err
	}}
}

// unreachable is the finding of a request that got no answer, or none that could be understood and may repeat what it was
// sent.
func (v visit) unreachable(host string, err error, secrets ...string) Finding {
	why, isTLS := token.WhyUnreachable(err)
	why = redact.Text(why, append(secrets, proxySecrets(host)...)...)
	var through string
	if v.proxy != "" {
		through = " through proxy " + v.proxy
	}
	fix := "check the network; behind a proxy set HTTPS_PROXY"
	switch {
	case isTLS && v.proxy != "":
		fix = "a proxy that ends TLS needs its CA in AWS_CA_BUNDLE, and Docker's daemon needs it in " + daemonFolder + "/" + host
	case isTLS:
		fix = "if that host has a private CA, name it in AWS_CA_BUNDLE, and for Docker's daemon in " + daemonFolder + "/" + host
	case v.proxy != "":
		fix = "check HTTPS_PROXY and NO_PROXY"
	case httpsProxy() != "" && !isProxy(httpsProxy()):
		fix = "HTTPS_PROXY is no URL, so it is passed over: write it as http://HOST:PORT"
	case strings.Contains(why, "resolve"):
		fix = "check the name, the region in it, and the resolver; behind a proxy set HTTPS_PROXY"
	}
	return fail(fix, "cannot reach %s%s: %s", host, through, why)
}

func httpsProxy() string { return cmp.Or(os.Getenv("HTTPS_PROXY"), os.Getenv("https_proxy")) }

// isProxy reports whether a value of HTTPS_PROXY is one that Go understands; it passes over any other, and says nothing.
func isProxy(value string) bool {
	proxy, err := url.Parse(value)
	if err != nil || proxy.Scheme == "" || proxy.Host == "" {
		proxy, err = url.Parse("http://" + value)
	}
	return err == nil && proxy.Host != ""
}

// bundleFailure is the finding when the bundle that was named cannot be used.
func bundleFailure(file string, err error) Finding {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fail("correct AWS_CA_BUNDLE, or ca_bundle of the profile", "cannot read the CA bundle %s: %v", file, path.Err)
	}
	return fail("correct AWS_CA_BUNDLE, or ca_bundle of the profile", "the CA bundle %v", err)
}
