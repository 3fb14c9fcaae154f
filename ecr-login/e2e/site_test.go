//go:build e2e && linux

package e2e

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// The registries of the private machine.
const (
	devAccount  = "123456789012"
	prodAccount = "210987654321"

	devHost    = devAccount + ".dkr.ecr.us-east-1.amazonaws.com"
	prodHost   = prodAccount + ".dkr.ecr.eu-west-1.amazonaws.com"
	publicHost = "public.ecr.aws"

	// The two registries that are not ECR: one needs no credentials, the other needs foreignUser
	// and foreignPassword.
	openHost        = "open.example.com"
	closedHost      = "closed.example.com"
	foreignUser     = "somebody"
	foreignPassword = "not-a-real-password"
	foreignAddress  = "192.0.2.2"
)

// awsHosts are the host names that resolve to ecrtest: registries, and the APIs that the helper
// calls for them.
var awsHosts = []string{
	devHost, prodHost, publicHost, docsHost, prodDocs, stagingDocs,
	devAccount + ".dkr.ecr-fips.us-east-1.amazonaws.com", devAccount + ".dkr-ecr.us-east-1.on.aws",
	"api.ecr.us-east-1.amazonaws.com", "api.ecr.eu-west-1.amazonaws.com", "api.ecr-public.us-east-1.amazonaws.com",
	"ecr-fips.us-east-1.amazonaws.com", "api.ecr-fips.us-east-1.amazonaws.com", "ecr.us-east-1.api.aws",
	"sts.amazonaws.com", "sts.us-east-1.amazonaws.com", "sts.eu-west-1.amazonaws.com",
	"portal.sso.eu-west-1.amazonaws.com", "oidc.eu-west-1.amazonaws.com",
	"portal.sso.us-east-1.amazonaws.com", "oidc.us-east-1.amazonaws.com", "us-east-1.signin.aws.amazon.com",
}

// theSite is shared by all tests, because programs that live as long as the run, such as dockerd,
// read the trust store once.
var theSite = sync.OnceValues(startSite)

// needSite returns the site without recorded requests and faults. Tests that use it must not run in
// parallel.
func needSite(t testing.TB) *ecrtest.Server {
	t.Helper()
	need(t)
	site, err := theSite()
	if err != nil {
		t.Fatalf("starting the registry: %v", err)
	}
	site.Reset()
	return site
}

// breakCall makes an operation of the site fail for the rest of the test.
func breakCall(t testing.TB, site *ecrtest.Server, operation string, fault ecrtest.Fault) {
	t.Helper()
	site.SetFault(operation, fault)
	t.Cleanup(func() { site.SetFault(operation) })
}

// wantCalls checks that exactly these operations of AWS were called since the last Reset, without
// those of the registry.
func wantCalls(t testing.TB, site *ecrtest.Server, want ...string) {
	t.Helper()
	var operations []string
	var account strings.Builder
	for _, request := range site.Requests("") {
		if !strings.HasPrefix(request.Op, "registry") {
			operations = append(operations, request.Op)
		}
		fmt.Fprintf(&account, "\n%s %d %s %s%s by %q", request.Time.Format("15:04:05.000"), request.Status, request.Method, request.Host, request.Path, request.Principal)
	}
	if !slices.Equal(operations, want) {
		t.Errorf("calls to AWS: %q, want %q; all requests:%s", operations, want, account.String())
	}
}

func startSite() (*ecrtest.Server, error) {
	dir := filepath.Join(privateDir, "site")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	site, err := ecrtest.Start(ecrtest.Options{Dir: dir, TLSAddr: net.JoinHostPort(address, "443")})
	if err != nil {
		return nil, err
	}
	foreign, err := startForeign()
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(site.CAFile)
	if err != nil {
		return nil, err
	}
	if err := trust(authority, foreign); err != nil {
		return nil, err
	}
	return site, writeHosts()
}

// trust makes these certificates the only ones that programs trust. It writes to the directory that
// Go's crypto/x509 reads first on every distribution. Every client here is a Go program.
func trust(certificates ...[]byte) error {
	const dir = "/etc/ssl/certs"
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "ca-certificates.crt"), bytes.Join(certificates, []byte("\n")), 0o644)
}

func writeHosts() error {
	machine, err := os.Hostname()
	if err != nil {
		return err
	}
	hosts := "127.0.0.1 localhost " + machine + "\n"
	for _, name := range awsHosts {
		hosts += address + " " + name + "\n"
	}
	for _, name := range []string{openHost, closedHost} {
		hosts += foreignAddress + " " + name + "\n"
	}
	if err := os.WriteFile("/etc/hosts", []byte(hosts), 0o644); err != nil {
		return err
	}
	// No name server is reachable, and clients must learn that without a long timeout.
	if err := os.Remove("/etc/resolv.conf"); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.WriteFile("/etc/resolv.conf", []byte("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"), 0o644)
}

// startForeign starts the registries that are not ECR, with the certificate of net/http/httptest
// for *.example.com, and returns that certificate.
func startForeign() ([]byte, error) {
	quiet := registry.Logger(log.New(io.Discard, "", 0))
	open, closed := registry.New(quiet), registry.New(quiet)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != closedHost {
			open.ServeHTTP(w, r)
			return
		}
		if user, password, _ := r.BasicAuth(); user != foreignUser || password != foreignPassword {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf("Basic realm=%q", closedHost))
			http.Error(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, http.StatusUnauthorized)
			return
		}
		closed.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Listener.Close()
	var err error
	if server.Listener, err = net.Listen("tcp", net.JoinHostPort(foreignAddress, "443")); err != nil {
		return nil, err
	}
	server.StartTLS()
	base, err := name.ParseReference(baseRef)
	if err != nil {
		return nil, err
	}
	image, err := newImage(baseRef)
	if err != nil {
		return nil, err
	}
	if err := remote.Write(base, image, remote.WithTransport(server.Client().Transport)); err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), nil
}
