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
	"os"
	"strings"
	"syscall"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// What cannot be had from a server on loopback without asking a real name
// server, or breaking certificates in every way, is put together here as
// net/http and the SDK put it together.
func TestUnreachableWords(t *testing.T) {
	t.Parallel()
	f := &fetch{}
	s := stage{operation: operation{name: "GetAuthorizationToken"}, url: &url.URL{Scheme: "https", Host: "ecr.example"}}
	tests := []struct {
		why  string
		err  error
		says string
		code string
	}{
		{"no such name", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "ecr.example", Server: "192.0.2.53:53", IsNotFound: true}}, `the name "ecr.example" does not resolve`, ""},
		{"name server silent", &net.DNSError{Err: "i/o timeout", Name: "ecr.example", IsTimeout: true}, `the name "ecr.example" was not resolved in time`, ""},
		{"name server silent, by net/http", &url.Error{Op: "Post", URL: "https://ecr.example/", Err: &net.DNSError{Name: "ecr.example", IsTimeout: true}}, "not resolved in time", ""},
		{"proxy's name", &net.OpError{Op: "proxyconnect", Err: &net.DNSError{Err: "no such host", Name: "proxy.example"}}, "the proxy cannot be reached: lookup proxy.example: no such host", ""},
		{"proxy refuses the tunnel", &proxyRefusal{http.StatusForbidden}, "the proxy answered HTTP 403 (forbidden)", ""},
		{"unknown authority", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "signed by an unknown authority", CodeTLS},
		{"another name", &tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "ecr.example"}}, "for another name", CodeTLS},
		{"certificate over", &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}}, "expired", CodeTLS},
		{"no TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "does not speak TLS", CodeTLS},
		{"TLS too old", errors.New("remote error: tls: protocol version not supported"), "tls: protocol version not supported", CodeTLS},
		{"refused", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "connection refused", ""},
		{"reset", &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "closed the connection", ""},
		{"end of file", &url.Error{Op: "Post", URL: "https://ecr.example/?X-Amz-Signature=x", Err: io.EOF}, "closed the connection", ""},
		{"timeout of its own", &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "it does not answer", ""},
		{"anything else", fmt.Errorf("outer: %w", errors.New("the network is on holiday")), "the network is on holiday", ""},
	}
	for _, test := range tests {
		e := f.unreachable(s, fmt.Errorf("operation error ECR: %w", &smithyhttp.RequestSendError{Err: test.err}))
		if e == nil || e.Kind != Unreachable || e.Code != test.code ||
			!strings.HasPrefix(e.Message, "cannot reach ECR at ecr.example: ") || !strings.Contains(e.Message, test.says) {
			t.Errorf("%s: %+v, want %q", test.why, e, test.says)
		}
	}
	if e := f.unreachable(s, errors.New("something that is no matter of the network")); e != nil {
		t.Errorf("unreachable: %q", e.Message)
	}
}

func TestProxyOf(t *testing.T) {
	t.Parallel()
	proxy, err := url.Parse("http://somebody:proxy-password-for-tests@proxy.example:3128/path")
	if err != nil {
		t.Fatal(err)
	}
	through := func(tr *http.Transport) { tr.Proxy = http.ProxyURL(proxy) }
	transport := &http.Transport{}
	through(transport)
	target := &url.URL{Scheme: "https", Host: "ecr.example"}
	for why, client := range map[string]HTTPClient{
		"the SDK's client": awshttp.NewBuildableClient().WithTransportOptions(through),
		"a plain client":   &http.Client{Transport: transport},
	} {
		f := &fetch{proxy: proxyOf(client)}
		if got := f.proxyFor(target); got != "http://***@proxy.example:3128" {
			t.Errorf("%s: %q", why, got)
		}
	}
	for why, client := range map[string]HTTPClient{
		"no proxy":          &http.Client{Transport: &http.Transport{}},
		"another transport": &http.Client{Transport: roundTripper{}},
		"another client":    anotherClient{},
		"proxy undecidable": &http.Client{Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("no") }}},
	} {
		f := &fetch{proxy: proxyOf(client)}
		if got := f.proxyFor(target); got != "" {
			t.Errorf("%s: %q", why, got)
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

type roundTripper struct{}

func (roundTripper) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no") }

type anotherClient struct{}

func (anotherClient) Do(*http.Request) (*http.Response, error) { return nil, errors.New("no") }

// A body's WriteTo that reports io.EOF costs the connection, see reusing.
func TestReusingHidesWriteTo(t *testing.T) {
	t.Parallel()
	var sent *http.Request
	c := reusing{clientFunc(func(r *http.Request) (*http.Response, error) {
		sent = r
		return nil, errors.New("not sent")
	})}
	body := io.NopCloser(strings.NewReader("body")) // has a WriteTo, as the SDK's has
	if _, ok := body.(io.WriterTo); !ok {
		t.Fatal("the body to hide has none")
	}
	if _, err := c.Do(&http.Request{Body: body}); err == nil || sent == nil {
		t.Fatal("nothing was sent")
	}
	if _, ok := sent.Body.(io.WriterTo); ok {
		t.Error("the body still has its WriteTo")
	}
	if got, err := io.ReadAll(sent.Body); err != nil || string(got) != "body" {
		t.Errorf("the body reads %q, %v", got, err)
	}
	if _, err := c.Do(&http.Request{}); err == nil || sent.Body != nil {
		t.Error("a request without a body has got one")
	}
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }
