package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// wrongNameServer starts a TLS server on an IP address. Its certificate is trusted by p and is for
// another name.
func wrongNameServer(t *testing.T, p *fixture, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"somebody-else.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(answer)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	known, err := os.ReadFile(p.s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	p.file("bundle.pem", string(known)+string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	p.set("AWS_CA_BUNDLE=" + p.path("bundle.pem"))
	return s
}

// The name in a certificate is checked for IP addresses too.
func TestDoctorCertificateOfAnotherName(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	s := wrongNameServer(t, p, func(http.ResponseWriter, *http.Request) { t.Error("request received") })
	p.set("AWS_ENDPOINT_URL_ECR=" + s.URL)
	a := p.run("", "doctor", host)
	if want := "✘ api          cannot reach " + strings.TrimPrefix(s.URL, "https://") + ": its certificate is for another name\n"; a.code != 1 || !strings.Contains(a.stdout, want) {
		t.Errorf("exit code %d, and doctor prints\n%s\nwant\n%s", a.code, a.stdout, want)
	}
}

// The proxy's password is not sent to a proxy with another name's certificate.
func TestDoctorProxyCertificateOfAnotherName(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	s := wrongNameServer(t, p, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("request for %s with %q", r.URL, r.Header.Get("Proxy-Authorization"))
	})
	shown := strings.TrimPrefix(s.URL, "https://")
	p.set("HTTPS_PROXY=https://somebody:not-a-real-password@" + shown)
	a := p.run("", "doctor", host)
	p.checkNoSecrets(a)
	if want := p.fill("✘ host         cannot reach $HOST through proxy https://***@" + shown + ": the proxy cannot be reached: x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs\n"); a.code != 1 || !strings.Contains(a.stdout, want) {
		t.Errorf("exit code %d, and doctor prints\n%s\nwant\n%s", a.code, a.stdout, want)
	}
}

// A password that a proxy repeats in a malformed response is redacted.
func TestDoctorProxyRepeatsPassword(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%s not-a-real-password\r\n\r\n", r.Header.Get("Proxy-Authorization"))
	}))
	defer s.Close()
	p.set("HTTPS_PROXY=http://somebody:not-a-real-password@" + strings.TrimPrefix(s.URL, "http://"))
	a := p.run("", "doctor", host)
	p.checkNoSecrets(a)
	if a.code != 1 || !strings.Contains(a.stdout, "✘ host ") || strings.Contains(a.stdout, "c29tZWJvZHk6bm90LWEtcmVhbC1wYXNzd29yZA") {
		t.Errorf("exit code %d, and doctor prints\n%s", a.code, a.stdout)
	}
}
