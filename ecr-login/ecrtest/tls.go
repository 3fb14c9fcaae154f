package ecrtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// authority is the certificate authority. It signs a certificate for any host name.
type authority struct {
	file string
	pool *x509.CertPool

	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
	serial int64
}

// certLife is the time before and after now for which certificates are valid, so that they stay
// valid when a test moves the clock.
const certLife = 10 * 365 * 24 * time.Hour

// newAuthority creates an authority and writes its certificate to dir.
func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("creating the authority's key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "ecrtest: for tests only"},
		NotBefore:             now.Add(-certLife),
		NotAfter:              now.Add(certLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signing the authority's certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the authority's certificate: %w", err)
	}
	a := &authority{
		file:   filepath.Join(dir, "ecrtest-ca.pem"),
		pool:   x509.NewCertPool(),
		cert:   cert,
		key:    key,
		leaves: map[string]*tls.Certificate{},
		serial: 1,
	}
	a.pool.AddCert(cert)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(a.file, text, 0o644); err != nil {
		return nil, fmt.Errorf("writing the authority's certificate: %w", err)
	}
	return a, nil
}

// serverConfig returns the configuration of a TLS server with a certificate for the name that the
// client requests, or for fallback, or for the loopback addresses.
func (a *authority) serverConfig(fallback string) *tls.Config {
	return &tls.Config{
		NextProtos: []string{"http/1.1"},
		// An answer must arrive in one piece. smithy-go (v1.27.3, internal/io,
		// safeWriteToReadCloser) makes net/http close the connection when the answer begins before
		// the goroutine that wrote the request has returned. The unread part of the answer is then
		// lost, and the SDK retries: seen on loopback once in 200 calls.
		DynamicRecordSizingDisabled: true,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			name := hello.ServerName
			if name == "" {
				name = fallback
			}
			return a.leaf(name)
		},
	}
}

// leaf returns the certificate for a host name or address, which is created on first use. "" means
// the loopback addresses.
func (a *authority) leaf(name string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.leaves[name]; c != nil {
		return c, nil
	}
	a.serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.serial),
		Subject:      pkix.Name{CommonName: "ecrtest"},
		NotBefore:    a.cert.NotBefore,
		NotAfter:     a.cert.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	switch ip := net.ParseIP(name); {
	case ip != nil:
		template.IPAddresses = []net.IP{ip}
	case name != "":
		template.DNSNames = []string{name}
	default:
		template.DNSNames = []string{"localhost"}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, a.key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("signing a certificate for %q: %w", name, err)
	}
	c := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
	a.leaves[name] = c
	return c, nil
}
