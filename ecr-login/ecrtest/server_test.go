package ecrtest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

func TestStartAndClose(t *testing.T) {
	t.Parallel()
	s, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.CAFile); err != nil {
		t.Error(err)
	}
	hole := s.BlackHole()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if _, err := os.Stat(s.CAFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the authority's file was left behind: %v", err)
	}
	for _, u := range []string{s.URL, s.TLSURL, s.ProxyURL, hole} {
		at, err := url.Parse(u)
		if err != nil {
			t.Fatal(err)
		}
		if conn, err := net.Dial("tcp", at.Host); err == nil {
			conn.Close()
			t.Errorf("%s still listens", u)
		}
	}
}

func TestStartFailureStopsAll(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, o := range map[string]ecrtest.Options{
		"address in use":       {Addr: l.Addr().String()},
		"TLS address in use":   {TLSAddr: l.Addr().String()},
		"proxy address in use": {ProxyAddr: l.Addr().String()},
		"missing directory":    {Dir: t.TempDir() + "/none"},
	} {
		if s, err := ecrtest.Start(o); err == nil {
			s.Close()
			t.Errorf("%s: started", name)
		}
	}
}

func TestCloseEndsDelayedRequests(t *testing.T) {
	t.Parallel()
	s, err := ecrtest.Start(ecrtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s.SetFault("ecr:GetAuthorizationToken", ecrtest.Fault{Silence: true})
	s.SetFault("sts:GetCallerIdentity", ecrtest.Fault{Until: make(chan struct{})})
	user := s.AddUser("developer")
	results := make(chan error, 2)
	go func() { _, err := fetch(t.Context(), sdkConfig(s, user)); results <- err }()
	go func() { _, err := identity(t.Context(), sdkConfig(s, user)); results <- err }()
	for _, op := range []string{"ecr:GetAuthorizationToken", "sts:GetCallerIdentity"} {
		if err := s.Wait(t.Context(), op, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-results; err == nil {
			t.Error("an answer from a closed server")
		}
	}
}

// authority returns the server's authority, read from its file as another program does.
func authority(t *testing.T, s *ecrtest.Server) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in the authority's file")
	}
	return pool
}

func TestCertificateForEveryName(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	pool := authority(t, s)
	for _, name := range []string{host, "public.ecr.aws", "sts.amazonaws.com", "images.example.com", "localhost", "127.0.0.1"} {
		conn, err := tls.Dial("tcp", s.RegistryTLS, &tls.Config{RootCAs: pool, ServerName: name})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		conn.Close()
	}
	if conn, err := tls.Dial("tcp", s.RegistryTLS, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: host}); err == nil {
		conn.Close()
		t.Error("believed without its authority")
	}
}

// TestNameInHandshake checks a client that connects to an address and requests a host name in the
// TLS handshake.
func TestNameInHandshake(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.TLSURL+"/v2/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority(t, s), ServerName: host}}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := s.Wait(t.Context(), "registry", 1); err != nil {
		t.Fatal(err)
	}
	s.Close() // the request is noted by then
	if rs := s.Requests("registry"); len(rs) != 1 || rs[0].Host != host {
		t.Errorf("noted %+v, want the host %q", rs, host)
	}
}

// TestCloseEndsDelayedPush checks a delayed push: its body is not read, so net/http does not notice
// a client that has closed the connection.
func TestCloseEndsDelayedPush(t *testing.T) {
	t.Parallel()
	s, err := ecrtest.Start(ecrtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s.SetFault("registry", ecrtest.Fault{Silence: true})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL+"/v2/app/manifests/1", strings.NewReader(strings.Repeat("x", 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() {
		resp, err := s.Transport().RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		result <- err
	}()
	if err := s.Wait(t.Context(), "registry", 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-result; err == nil {
		t.Error("an answer from a closed server")
	}
	if rs := s.Requests("registry"); len(rs) != 1 || rs[0].Status != 0 {
		t.Errorf("noted %+v, want one request without an answer", rs)
	}
}

// TestConnectionsAreCounted uses a plain client, because the SDK's does not always reuse
// connections.
func TestConnectionsAreCounted(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	transport := &http.Transport{}
	get := func() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v2/", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
	}
	get()
	get()
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections for two requests over one, want 1", n)
	}
	transport.CloseIdleConnections()
	get()
	if n := s.Connections(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("developer")
	cfg := sdkConfig(s, user)
	cfg.AppID = "app-for-tests"
	for range 4 {
		mustFetch(t, cfg)
	}
	rs := s.Requests("ecr:GetAuthorizationToken")
	if len(rs) != 4 || len(s.Requests("")) != 4 || len(s.Requests("sts:AssumeRole")) != 0 {
		t.Fatalf("%d requests noted, want 4: %+v", len(rs), s.Requests(""))
	}
	r := rs[3]
	if r.Host != "127.0.0.1" || r.Method != "POST" || r.Path != "/" || r.Service != "ecr" || r.Region != "us-east-1" ||
		r.Principal != user.Principal.ARN || !strings.Contains(r.UserAgent, "app/app-for-tests") || r.Status != 200 || r.Code != "" {
		t.Errorf("noted %+v", r)
	}

	user.SecretAccessKey = "another-secret-for-tests"
	if _, err := fetch(t.Context(), sdkConfig(s, user)); err == nil {
		t.Error("a wrong secret was taken")
	}
	if r := s.Requests("")[4]; r.Status != 400 || r.Code != "InvalidSignatureException" || r.Principal != "" {
		t.Errorf("noted %+v, want the refusal, without a caller", r)
	}

	tokens := len(s.Tokens())
	s.Reset()
	if s.Calls("ecr:GetAuthorizationToken") != 0 || s.Connections() != 0 || len(s.Requests("")) != 0 || len(s.Hosts()) != 0 {
		t.Error("something was not forgotten")
	}
	if len(s.Tokens()) != tokens {
		t.Error("the tokens were forgotten")
	}
}

func TestWaitEndsWithContext(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	err := s.Wait(ctx, "ecr:GetAuthorizationToken", 2)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 calls of ecr:GetAuthorizationToken, had 0") {
		t.Errorf("got %v", err)
	}
}

func TestBlackHoleNeverAnswers(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, s.BlackHole()+"/latest/api/token", nil)
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() {
		resp, err := (&http.Transport{}).RoundTrip(req)
		if err == nil {
			resp.Body.Close()
			err = errors.New(resp.Status)
		}
		result <- err
	}()
	if err := s.Wait(t.Context(), "black-hole", 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the client's own cancellation", err)
	}
	if s.Connections() != 1 || len(s.Requests("")) != 0 {
		t.Errorf("%d connections, %d requests noted", s.Connections(), len(s.Requests("")))
	}
}

// TestBlackHoleAsMetadataService lets the SDK call a black hole.
func TestBlackHoleAsMetadataService(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	env := append(s.Home(t.TempDir()).EC2(), "AWS_EC2_METADATA_SERVICE_ENDPOINT="+s.BlackHole(), "AWS_EC2_METADATA_V1_DISABLED=true")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := start(t, ctx, "ecr", env)
	if err := s.Wait(t.Context(), "black-hole", 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if out := <-done; out != "" {
		t.Errorf("the client printed %q", out)
	}
}

func TestUnknownRequests(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	for _, tc := range []struct {
		method, url string
		headers     []string
	}{
		{"GET", s.URL + "/", nil},
		{"GET", s.URL + "/token/", nil}, // the token service is ECR Public's alone
		{"GET", "https://" + host + "/token/", nil},
		{"POST", s.URL + "/", []string{"X-Amz-Target: AmazonEC2ContainerRegistry_V20150921.PutImage"}},
	} {
		resp, body := do(t, s, tc.method, tc.url, "", tc.headers...)
		if resp.StatusCode != http.StatusNotFound && !strings.Contains(body, "InvalidAction") {
			t.Errorf("%s %s: status %d, %s", tc.method, tc.url, resp.StatusCode, body)
		}
	}
	if n := s.Calls("unknown"); n != 4 {
		t.Errorf("%d counted, want 4", n)
	}
}
