package doctor

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// reachLimit is for one request of those that only find out whether somebody answers: name, connection, TLS and answer
// together.
const reachLimit = 5 * time.Second

// An authority is a set of certificates that is trusted, and where it comes from.
type authority struct {
	name string
	pool *x509.CertPool
}

// trust is whom a client believes: what any of them has signed.
type trust []authority

func systemTrust() authority {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	return authority{"the system", pool}
}

// bundleTrust is what the AWS SDK trusts in place of the system when a bundle is named.
func bundleTrust(file string) (authority, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return authority{}, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return authority{}, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return authority{file, pool}, nil
}

// daemonFolder is where Docker's daemon looks for the authorities of a registry, beside the system's.
const daemonFolder = "/etc/docker/certs.d"

func daemonTrust(host string) (authority, bool) {
	dir := filepath.Join(daemonFolder, host)
	files, _ := os.ReadDir(dir)
	a := authority{dir, x509.NewCertPool()}
	any := false
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".crt") {
			continue
		}
		pem, err := os.ReadFile(filepath.Join(dir, file.Name()))
		any = err == nil && a.pool.AppendCertsFromPEM(pem) || any
	}
	return a, any
}

// config accepts what any of the authorities has signed; by is then told whose it was.
func (t trust) config(by *string) *tls.Config {
	return &tls.Config{
		// The chain is verified below, against one authority after the other, by the same rules as otherwise.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return errors.New("tls: the server shows no certificate")
			}
			var first error
			for _, a := range t {
				options := x509.VerifyOptions{DNSName: s.ServerName, Roots: a.pool, Intermediates: x509.NewCertPool()}
				for _, c := range s.PeerCertificates[1:] {
					options.Intermediates.AddCert(c)
				}
				_, err := s.PeerCertificates[0].Verify(options)
				if err == nil {
					*by = a.name
					return nil
				}
				if first == nil {
					first = err
				}
			}
			return first
		},
	}
}

// A visit is one request and what was seen on the way.
type visit struct {
	address   string    // of the server, when there was no proxy
	proxy     string    // "" for none
	trustedBy string    // "" without TLS
	date      time.Time // of the answer; zero when it had none
	asked     time.Time // when the answer came, by the local clock
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
func (t trust) client(v *visit) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			OnProxyConnectResponse: token.RefuseProxy,
			TLSClientConfig:        t.config(&v.trustedBy),
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send sends a request and notes in the visit what was seen. The caller closes the answer's body.
func (v *visit) send(t trust, r *http.Request) (*http.Response, error) {
	if proxy, err := http.ProxyFromEnvironment(r); err == nil && proxy != nil {
		v.proxy = token.ShowProxy(proxy)
	}
	trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
		v.address = c.Conn.RemoteAddr().String()
	}}
	response, err := t.client(v).Do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return nil, err
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		v.date = date
	}
	return response, nil
}

// unreachable is the finding of a request that got no answer.
func (v visit) unreachable(target *url.URL, err error) Finding {
	why, isTLS := token.WhyUnreachable(err)
	var through string
	if v.proxy != "" {
		through = " through proxy " + v.proxy
	}
	fix := "check the network; behind a proxy set HTTPS_PROXY"
	switch {
	case isTLS && v.proxy != "":
		fix = "a proxy that ends TLS needs its CA in AWS_CA_BUNDLE, and Docker's daemon needs it in " + daemonFolder + "/" + target.Host
	case isTLS:
		fix = "if that host has a private CA, name it in AWS_CA_BUNDLE, and for Docker's daemon in " + daemonFolder + "/" + target.Host
	case v.proxy != "":
		fix = "check HTTPS_PROXY and NO_PROXY"
	case httpsProxy() != "" && !isProxy(httpsProxy()):
		fix = "HTTPS_PROXY is no URL, so it is passed over: write it as http://HOST:PORT"
	case strings.Contains(why, "resolve"):
		fix = "check the name, the region in it, and the resolver; behind a proxy set HTTPS_PROXY"
	}
	return fail(fix, "cannot reach %s%s: %s", target.Host, through, why)
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
