package token

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"syscall"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

func TestUnreachable(t *testing.T) {
	t.Parallel()
	f := &fetch{}
	s := step{operation: operation{name: opECR, peer: "ECR"}, url: &url.URL{Scheme: "https", Host: "ecr.example"}}
	for name, test := range map[string]struct {
		err  error
		text string
		code string
	}{
		"refused":      {syscall.ECONNREFUSED, "cannot reach ECR at ecr.example: connection refused", ""},
		"another name": {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "ecr.example"}, "cannot reach ECR at ecr.example: its certificate is for another name", CodeTLS},
	} {
		e := f.unreachable(s, fmt.Errorf("operation error ECR: %w", &smithyhttp.RequestSendError{Err: test.err}))
		if e == nil || e.Kind != Unreachable || e.Code != test.code || e.Message != test.text {
			t.Errorf("%s: %+v, want %q", name, e, test.text)
		}
	}
	if e := f.unreachable(s, errors.New("not a network error")); e != nil {
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
		if got := f.proxyFor(target); got == nil || redact.URL(got) != "http://***@proxy.example:3128" {
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
		if got := f.proxyFor(target); got != nil {
			t.Errorf("%s: %q", why, got)
		}
	}
}

type roundTripper struct{}

func (roundTripper) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no") }

type anotherClient struct{}

func (anotherClient) Do(*http.Request) (*http.Response, error) { return nil, errors.New("no") }
