package token

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"sync"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	// maxBody is the most that is read of one response. A token response has a few KB.
	maxBody = 1 << 20

	// maxHeader is the most that is read of a response's headers.
	maxHeader = 64 << 10

	// maxIdle is how long a connection outlives its last use. Fetches that follow each other at
	// once share connections; the usual next Fetch comes in hours.
	maxIdle = 500 * time.Millisecond
)

var errBodyTooLong = errors.New("the response is too long")

// httpClient returns the client that sends the calls to AWS. It follows no redirect, because the
// target would get the credentials in the request; no AWS API redirects. A client of an unknown
// type is used as it is.
func httpClient(c HTTPClient) HTTPClient {
	var plain http.Client
	switch c := c.(type) {
	case *awshttp.BuildableClient:
		plain = http.Client{Transport: c.GetTransport(), Timeout: c.GetTimeout()}
	case *http.Client:
		plain = *c
	default:
		return c
	}
	plain.CheckRedirect = noRedirect
	return bodyHider{&plain}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// A redirectError is a response with the status of a redirect, which was not followed.
type redirectError int

func (e redirectError) Error() string {
	return fmt.Sprintf("HTTP %d, a redirect, which is not followed", int(e))
}

// bodyHider sends requests whose bodies have no WriteTo. The SDK's bodies have one that reports
// io.EOF after the SDK has closed the body, which it does as soon as there is a response. If the
// response is faster than the end of the request, net/http takes that for a failed write and closes
// the connection.
type bodyHider struct{ HTTPClient }

func (c bodyHider) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct {
			io.Reader
			io.Closer
		}{r.Body, r.Body}
	}
	return c.HTTPClient.Do(r)
}

// limitedBody is a response body that fails after maxBody bytes. An io.LimitReader would end
// without an error.
type limitedBody struct {
	io.ReadCloser
	left int
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errBodyTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// failingReader fails with err, or ends if err is nil.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, cmp.Or(r.err, io.EOF) }

// final is an error that the SDK must not retry.
type final struct{ error }

func (final) RetryableError() bool { return false }
func (f final) Unwrap() error      { return f.error }

// A noResponseError reports that a credential endpoint did not respond in time.
type noResponseError struct {
	connected bool
	limit     time.Duration
}

func (e *noResponseError) Error() string {
	if e.connected {
		return fmt.Sprintf("accepted the connection but did not respond within %v", e.limit)
	}
	return fmt.Sprintf("did not accept a connection within %v", e.limit)
}

// A localClient calls the credential endpoints of the machine or container.
//
// It uses no proxy for link-local and loopback addresses: a proxy would receive the container's
// token, and would return the credentials of its own machine.
type localClient struct {
	http.Client

	// connect bounds how long the EC2 instance metadata service may take to accept a connection;
	// respond bounds each response after that. Both count time in which this process could run.
	connect, respond time.Duration

	// once makes all requests after one without a response fail at once.
	once bool

	mu     sync.Mutex
	silent *noResponseError // the request that got no response
}

// newLocalClient returns a client with the proxy and TLS settings of transport.
func newLocalClient(transport *http.Transport, connect time.Duration, once bool) *localClient {
	transport = transport.Clone()
	proxy := transport.Proxy
	transport.Proxy = func(r *http.Request) (*url.URL, error) {
		if proxy == nil || isLocalAddress(r.URL.Hostname()) {
			return nil, nil
		}
		return proxy(r)
	}
	return &localClient{
		Client:  http.Client{Transport: transport, CheckRedirect: noRedirect},
		connect: connect, respond: 2 * connect, once: once,
	}
}

// amazonLocal has the credential endpoints of EC2 and EKS with IPv6.
var amazonLocal = netip.MustParsePrefix("fd00:ec2::/32")

// isLocalAddress reports whether host is an address of this machine or its link.
func isLocalAddress(host string) bool {
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host == "localhost"
	}
	address = address.Unmap().WithZone("")
	return address.IsLoopback() || address.IsLinkLocalUnicast() || amazonLocal.Contains(address)
}

// metadata sends a request to the EC2 instance metadata service and reads the whole response.
func (c *localClient) metadata(r *http.Request) (*http.Response, error) {
	silent := c.silence()
	if c.once && silent != nil {
		return nil, final{silent}
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	stop := afterRunning(c.connect, func() { cancel(&noResponseError{limit: c.connect}) })
	defer func() { stop() }()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		stop()
		stop = afterRunning(c.respond, func() { cancel(&noResponseError{connected: true, limit: c.respond}) })
	}})
	response, err := c.Do(r.WithContext(ctx))
	if err == nil {
		body, bodyErr := io.ReadAll(&limitedBody{ReadCloser: response.Body, left: maxBody})
		response.Body.Close()
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failingReader{bodyErr}))
	}
	if errors.As(context.Cause(ctx), &silent) {
		c.mu.Lock()
		c.silent = silent
		c.mu.Unlock()
		return nil, final{silent}
	}
	return response, err
}

// silence returns the error of the last request that got no response; nil if there was none.
func (c *localClient) silence() *noResponseError {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.silent
}

// afterRunning calls f after d, unless stopped before. A process that does not get the processor
// misses ticks, so on a busy machine d does not pass before the process could do something with it.
func afterRunning(d time.Duration, f func()) (stop func()) {
	const ticks = 10
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(max(d/ticks, 1))
		defer ticker.Stop()
		for range ticks {
			select {
			case <-ticker.C:
			case <-done:
				return
			}
		}
		f()
	}()
	return sync.OnceFunc(func() { close(done) })
}
