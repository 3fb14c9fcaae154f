package token

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The bound on the connection does not bound the response: the machine may be busy.
func TestMetadataSlowResponse(t *testing.T) {
	t.Parallel()
	const connect = 300 * time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(2 * connect) // the latency of the service
		io.WriteString(w, "role")
	}))
	defer server.Close()
	c := newLocalClient(&http.Transport{}, connect, true)
	c.respond = time.Hour
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.metadata(request)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "role" {
		t.Errorf("body %q, %v", body, err)
	}
}

// A response that stops after its headers counts as none.
func TestMetadataSilentBody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	c := newLocalClient(&http.Transport{}, time.Hour, true)
	c.respond = 50 * time.Millisecond
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	var silent *noResponseError
	if _, err := c.metadata(request); !errors.As(err, &silent) || !silent.connected {
		t.Errorf("error %v", err)
	}
}

func TestLocalAddressWithoutProxy(t *testing.T) {
	t.Parallel()
	proxy, err := url.Parse("http://proxy.example:3128")
	if err != nil {
		t.Fatal(err)
	}
	c := newLocalClient(&http.Transport{Proxy: http.ProxyURL(proxy)}, time.Second, true)
	for host, want := range map[string]bool{
		"169.254.169.254": false, "169.254.170.2": false, "169.254.170.23": false, "127.0.0.1:80": false, "127.1.2.3": false,
		"[::1]:80": false, "[fd00:ec2::254]": false, "[fd00:ec2::23]": false, "[fe80::1%25eth0]": false, "localhost:51679": false,
		"[::ffff:169.254.169.254]": false,
		"metadata.example":         true, "10.0.0.1": true, "[fd00::1]": true, "169.253.1.1": true,
	} {
		u, err := url.Parse("http://" + host + "/latest")
		if err != nil {
			t.Fatal(err)
		}
		used, err := c.Transport.(*http.Transport).Proxy(&http.Request{URL: u})
		if err != nil || (used != nil) != want {
			t.Errorf("%s: proxy %v, %v, want one: %v", host, used, err, want)
		}
	}
}

// A body's WriteTo that reports io.EOF costs the connection, see bodyHider.
func TestBodyHider(t *testing.T) {
	t.Parallel()
	var sent *http.Request
	c := bodyHider{clientFunc(func(r *http.Request) (*http.Response, error) {
		sent = r
		return nil, errors.New("not sent")
	})}
	body := io.NopCloser(strings.NewReader("body")) // has a WriteTo, as the SDK's has
	if _, ok := body.(io.WriterTo); !ok {
		t.Fatal("the body has no WriteTo")
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
