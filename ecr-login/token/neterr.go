package token

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/neterr"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// unreachable explains why a host did not respond; nil if err is something else.
func (f *fetch) unreachable(s step, err error) *Error {
	if strings.Contains(err.Error(), "failed to resolve service endpoint") {
		return &Error{Kind: Configuration, Message: fmt.Sprintf("the AWS SDK has no endpoint for %s in region %q: %s", s.operation.peer, f.request.Registry.Region, reason(err))}
	}
	var send *smithyhttp.RequestSendError
	if !errors.As(err, &send) {
		return nil
	}
	f.addProxySecrets(s.url) // a broken response may repeat what the proxy received
	text, kind := neterr.Explain(err, f.endpoints.caBundle() == "")
	e := &Error{Kind: Unreachable, Message: fmt.Sprintf("cannot reach %s: %s%s", f.peer(s), text, f.ignoredProxy(s))}
	switch kind {
	case neterr.TLS:
		e.Code = CodeTLS
	case neterr.NoCAs:
		e.Code = CodeNoCAs
	}
	return e
}

// checkProxy returns an *Error if the environment variable for target is not a proxy URL and the
// HTTP client would take a part of it, which may be of the password, for the proxy's host.
func (f *fetch) checkProxy(target *url.URL) error {
	if f.proxy == nil {
		return nil
	}
	used, err := neterr.CheckProxy(target)
	if err == nil || !used {
		return nil
	}
	return &Error{Kind: Configuration, Code: CodeProxy, Message: err.Error()}
}

// ignoredProxy returns the end of a message that reports a proxy variable that the HTTP client
// ignored, because it is not a URL; "" if there is none.
func (f *fetch) ignoredProxy(s step) string {
	if f.proxy == nil || s.url == nil || s.operation.local {
		return ""
	}
	if used, err := neterr.CheckProxy(s.url); err != nil && !used {
		return "; it was called without a proxy: " + err.Error()
	}
	return ""
}

// proxyOf returns the function that an HTTP client uses to find its proxy; nil if it is unknown.
func proxyOf(client HTTPClient) func(*http.Request) (*url.URL, error) {
	switch c := client.(type) {
	case *awshttp.BuildableClient:
		return c.GetTransport().Proxy
	case *http.Client:
		transport := c.Transport
		if transport == nil {
			transport = http.DefaultTransport
		}
		if t, ok := transport.(*http.Transport); ok {
			return t.Proxy
		}
	}
	return nil
}

// proxyFor returns the proxy for target; nil for none.
func (f *fetch) proxyFor(target *url.URL) *url.URL {
	if f.proxy == nil || target == nil || f.checkProxy(target) != nil {
		return nil
	}
	proxy, err := f.proxy(&http.Request{URL: target})
	if err != nil {
		return nil
	}
	return proxy
}

// addProxySecrets makes the password of the proxy for target a secret.
func (f *fetch) addProxySecrets(target *url.URL) {
	if proxy := f.proxyFor(target); proxy != nil {
		f.secrets.add(redact.URLSecrets(proxy)...)
	}
}

// peer returns the service that a step called, for example "ECR at HOST through proxy URL", as far
// as it is known.
func (f *fetch) peer(s step) string {
	if s.operation.name == "" {
		return "the source of the credentials" + f.where(s)
	}
	return s.operation.peer + f.where(s)
}

// where returns the " at HOST through proxy URL" of a step.
func (f *fetch) where(s step) string {
	if s.url == nil {
		return ""
	}
	where := " at " + s.url.Host
	if proxy := f.proxyFor(s.url); proxy != nil && !s.operation.local {
		where += " through proxy " + redact.URL(proxy)
	}
	return where
}
