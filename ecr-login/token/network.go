package token

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// unreachable explains why no answer came from a host.
func (f *fetch) unreachable(s stage, err error) *Error {
	if strings.Contains(err.Error(), "failed to resolve service endpoint") {
		return &Error{Kind: Configuration, Message: fmt.Sprintf("%s: the AWS SDK has no endpoint for region %q: %s", s.words, f.request.Registry.Region, reason(err))}
	}
	var send *smithyhttp.RequestSendError
	if !errors.As(err, &send) {
		return nil
	}
	if f.proxy != nil && s.url != nil {
		// An answer that is none may repeat what the proxy was sent.
		if proxy, err := f.proxy(&http.Request{URL: s.url}); err == nil && proxy != nil {
			f.secrets = append(f.secrets, redact.URLSecrets(proxy)...)
		}
	}
	why, isTLS := WhyUnreachable(err)
	e := &Error{Kind: Unreachable, Message: fmt.Sprintf("cannot reach %s: %s", f.peer(s), why)}
	if isTLS {
		e.Code = CodeTLS
	}
	return e
}

// proxyOf returns the function by which an HTTP client finds its proxy, nil
// when it cannot be told.
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

// proxyFor names the proxy between here and target, "" for none. Its user name
// and password are masked.
func (f *fetch) proxyFor(target *url.URL) string {
	if f.proxy == nil {
		return ""
	}
	proxy, err := f.proxy(&http.Request{URL: target})
	if err != nil || proxy == nil {
		return ""
	}
	return redact.URL(proxy)
}

// peer names who was asked: "ECR at HOST through proxy URL", as far as known.
func (f *fetch) peer(s stage) string {
	var who string
	switch s.operation.name {
	case "":
		who = "the source of the credentials"
	case "GetAuthorizationToken":
		who = "ECR"
		if f.request.Registry.Service == registry.Public {
			who = "ECR Public"
		}
	case "AssumeRole", opWebIdentity, opCaller:
		who = "STS"
	case "GetRoleCredentials", "CreateToken":
		who = "IAM Identity Center"
	case "CreateOAuth2Token":
		who = "AWS sign-in"
	case "GetCredentials":
		who = "the container credential endpoint"
	default:
		who = "the EC2 instance metadata service"
	}
	return who + f.where(s)
}

// where is the "at HOST through proxy URL" of a stage.
func (f *fetch) where(s stage) string {
	if s.url == nil {
		return ""
	}
	where := " at " + s.url.Host
	if s.operation.local {
		return where
	}
	if proxy := f.proxyFor(s.url); proxy != "" {
		where += " through proxy " + proxy
	}
	return where
}
