package doctor

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// An authority is a set of certificates that is trusted, and where it comes from. Those of the system cannot be listed
// everywhere.
type authority struct {
	name         string
	system       bool
	certificates []*x509.Certificate
}

// trust is whom a client believes: what any of them has signed.
type trust []authority

var systemTrust = authority{name: "the system", system: true}

// bundleTrust is what the AWS SDK trusts in place of the system when a bundle is named.
func bundleTrust(file string) (authority, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return authority{}, err
	}
	a := authority{name: file, certificates: certificates(text)}
	if len(a.certificates) == 0 {
		return authority{}, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return a, nil
}

// daemonFolder is where Docker's daemon looks for the authorities of a registry, beside the system's.
const daemonFolder = "/etc/docker/certs.d"

func daemonTrust(host string) (authority, bool) {
	dir := filepath.Join(daemonFolder, host)
	files, _ := os.ReadDir(dir)
	a := authority{name: dir}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".crt") {
			continue
		}
		if text, err := os.ReadFile(filepath.Join(dir, file.Name())); err == nil {
			a.certificates = append(a.certificates, certificates(text)...)
		}
	}
	return a, len(a.certificates) > 0
}

// certificates are those in a text of PEM; what is none is passed over, as by the clients.
func certificates(text []byte) []*x509.Certificate {
	var all []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" || len(block.Headers) > 0 {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// pool is all of them as one, for Go's own verification.
func (t trust) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, a := range t {
		if !a.system {
			continue
		}
		if system, err := x509.SystemCertPool(); err == nil {
			pool = system
		}
	}
	for _, a := range t {
		for _, c := range a.certificates {
			pool.AddCert(c)
		}
	}
	return pool
}

// whose tells which authority vouches for a server, once its certificates were verified against all of them together.
func (t trust) whose(shown []*x509.Certificate) string {
	intermediates := x509.NewCertPool()
	for _, c := range shown[1:] {
		intermediates.AddCert(c)
	}
	for _, a := range t {
		if _, err := shown[0].Verify(x509.VerifyOptions{Roots: trust{a}.pool(), Intermediates: intermediates}); err == nil {
			return a.name
		}
	}
	return ""
}
