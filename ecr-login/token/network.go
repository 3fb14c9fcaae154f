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

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// proxyRefusal is a proxy's answer to CONNECT other than 200. Without it
// net/http reports nothing but the status text.
type proxyRefusal struct{ status int }

func (e *proxyRefusal) Error() string {
	return fmt.Sprintf("the proxy answered HTTP %d (%s)", e.status, strings.ToLower(http.StatusText(e.status)))
}

func refuseProxy(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode != http.StatusOK {
		return &proxyRefusal{r.StatusCode}
	}
	return nil
}

// unreachable explains why no answer came from a host.
func (f *fetch) unreachable(s stage, err error) *Error {
	e := &Error{Kind: Unreachable}
	var (
		send      *smithyhttp.RequestSendError
		refusal   *proxyRefusal
		operation *net.OpError
		name      *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		noTLS     tls.RecordHeaderError
		network   net.Error
		why       string
	)
	switch {
	case strings.Contains(err.Error(), "failed to resolve service endpoint"):
		e.Kind = Configuration
		e.Message = fmt.Sprintf("%s: the AWS SDK has no endpoint for region %q: %s", s.words, f.request.Registry.Region, reason(err))
		return e
	case !errors.As(err, &send):
		return nil
	case errors.As(err, &refusal):
		why = refusal.Error()
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		why = "the proxy cannot be reached: " + plain(operation.Err)
	case errors.As(err, &name):
		why = fmt.Sprintf("the name %q does not resolve", name.Name)
		if name.IsTimeout {
			why = fmt.Sprintf("the name %q was not resolved in time", name.Name)
		}
	case errors.As(err, &authority):
		e.Code, why = CodeTLS, "its certificate is signed by an unknown authority"
	case errors.As(err, &hostname):
		e.Code, why = CodeTLS, "its certificate is for another name"
	case errors.As(err, &invalid):
		e.Code, why = CodeTLS, plain(invalid)
	case errors.As(err, &noTLS):
		e.Code, why = CodeTLS, "it does not speak TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		why = "connection refused"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		why = "it closed the connection without an answer"
	case errors.As(err, &network) && network.Timeout():
		why = "it does not answer"
	default:
		why = plain(err)
		if strings.Contains(why, "tls: ") {
			e.Code = CodeTLS
		}
	}
	e.Message = fmt.Sprintf("cannot reach %s: %s", f.peer(s), why)
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
	shown := url.URL{Scheme: proxy.Scheme, Host: proxy.Host}
	if proxy.User != nil {
		shown.User = url.User("xxxxx")
	}
	return shown.String()
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
