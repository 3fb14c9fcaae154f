package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// scene is the home of a user of one program with one source of credentials. Every program has its
// own, so that no cache, log or token file is shared.
type scene struct {
	program   *program
	dir       string
	env       []string
	principal string
}

// newScene creates a home.
func (b *bench) newScene(p *program, source ecrtest.Source) (*scene, error) {
	dir, err := os.MkdirTemp(b.dir, p.id+"-"+string(source)+"-")
	if err != nil {
		return nil, err
	}
	// Version 1 of the AWS command line reads only the older name of the region's variable.
	env := with(b.server.Env(dir, source), "AWS_DEFAULT_REGION="+ecrtest.Region)
	return &scene{program: p, dir: dir, env: env, principal: source.Principal()}, nil
}

// contender returns the scene as a contender, with other variables in its environment.
func (s *scene) contender(name string, other ...string) contender {
	return contender{program: s.program, scene: name, env: with(s.env, other...), principal: s.principal}
}

// with returns env with other variables added or replaced. Most programs see the first of two with
// one name.
func with(env []string, other ...string) []string {
	list := slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.ContainsFunc(other, func(o string) bool { return strings.HasPrefix(o, name+"=") })
	})
	return append(list, other...)
}

// cold returns a contender with an empty cache before each run.
func (s *scene) cold(name string, other ...string) contender {
	c := s.contender(name, other...)
	c.prepare = s.forget
	return c
}

// overTLS returns the variables that point a program to the API's TLS address.
func (s *scene) overTLS(server *ecrtest.Server) []string {
	return []string{"AWS_ENDPOINT_URL=" + server.TLSURL, "AWS_CA_BUNDLE=" + server.CAFile}
}

// disk opens the helper's cache in this home.
func (s *scene) disk() *cache.Disk {
	return cache.Open(cache.Options{Name: "ecr-login", Environ: func(name string) (string, bool) {
		for _, v := range s.env {
			if value, ok := strings.CutPrefix(v, name+"="); ok {
				return value, true
			}
		}
		return "", false
	}})
}

// peerCache returns the path of the existing helper's cache.
func (s *scene) peerCache() string { return filepath.Join(s.dir, ".ecr", "cache.json") }

// forget removes the cached tokens, as if they had expired. The directories stay.
func (s *scene) forget() error {
	if s.program.id != oursID {
		if err := os.Remove(s.peerCache()); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	disk := s.disk()
	for _, e := range disk.Inventory().Items {
		if err := disk.Delete(e.Key); err != nil {
			return err
		}
	}
	return nil
}

// warm runs the program twice: the first run fills the cache, the second checks it.
func (b *bench) warm(s *scene) error {
	for range 2 {
		if _, err := b.once(s.contender("")); err != nil {
			return fmt.Errorf("filling the cache: %w", err)
		}
	}
	return nil
}

// bundles are the files of trusted certificate authorities that Go's crypto/x509 looks for.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// bundle returns the system's certificate file, which users name in AWS_CA_BUNDLE with the
// certificate of their proxy added. Without one it returns the file of the fake AWS, which is far
// shorter.
func (b *bench) bundle() string {
	for _, path := range bundles {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return b.server.CAFile
}
