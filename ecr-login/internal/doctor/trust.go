package doctor

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

// A caSet is a set of trusted CA certificates with the place that they come from. The system's set
// cannot be listed on every system.
type caSet struct {
	name         string
	system       bool
	certificates []*x509.Certificate
}

// caSets are the sets that a client trusts. A certificate that any of them verifies is accepted.
type caSets []caSet

var systemCAs = caSet{name: "the system's CAs", system: true}

var errNoCertificate = errors.New("no certificate in PEM format")

// maxBundle bounds a file of CA certificates in bytes. The system's own has a quarter of a
// megabyte.
const maxBundle = 4 << 20

// readBundle returns the set that the AWS SDK trusts instead of the system's when a bundle is
// configured.
func readBundle(file string) (caSet, error) {
	text, err := regularfile.Read(file, maxBundle)
	if err != nil {
		return caSet{}, err
	}
	s := caSet{name: file, certificates: certificates(text)}
	if len(s.certificates) == 0 {
		return caSet{}, errNoCertificate
	}
	return s, nil
}

// daemonDirectory is where Docker's daemon looks for a registry's CAs, in addition to the system's.
const daemonDirectory = "/etc/docker/certs.d"

// daemonCAs returns the set that Docker's daemon has for a registry, if there is one.
func daemonCAs(host string) (caSet, bool) {
	dir := filepath.Join(daemonDirectory, host)
	files, _ := os.ReadDir(dir)
	s := caSet{name: dir}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".crt") {
			continue
		}
		if text, err := regularfile.Read(filepath.Join(dir, file.Name()), maxBundle); err == nil {
			s.certificates = append(s.certificates, certificates(text)...)
		}
	}
	return s, len(s.certificates) > 0
}

// certificates returns the certificates in a text in PEM format. It skips other blocks, as clients
// do.
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

// pool returns all sets as one pool.
func (t caSets) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, s := range t {
		if !s.system {
			continue
		}
		if system, err := x509.SystemCertPool(); err == nil {
			pool = system
		}
	}
	for _, s := range t {
		for _, c := range s.certificates {
			pool.AddCert(c)
		}
	}
	return pool
}

// trustSource returns the name of the first set that verifies a chain, which all of them together
// have verified.
func (t caSets) trustSource(chain []*x509.Certificate) string {
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	for _, s := range t {
		if _, err := chain[0].Verify(x509.VerifyOptions{Roots: caSets{s}.pool(), Intermediates: intermediates}); err == nil {
			return s.name
		}
	}
	return ""
}
