//go:build stress

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// fipsModule is the certified version of the Go Cryptographic Module, which Go includes in
// lib/fips140.
const fipsModule = "v1.0.0"

// buildFIPS builds the helper with that module instead of the standard library's cryptography.
func buildFIPS(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "docker-credential-ecr-login")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-X main.linked=v0.0.0-fips", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFIPS140="+fipsModule)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building with GOFIPS140=%s: %v\n%s", fipsModule, err, out)
	}
	out, err := exec.Command("go", "version", "-m", binary).Output()
	if err != nil || !strings.Contains(string(out), "GOFIPS140="+fipsModule) {
		t.Fatalf("%v: the binary does not report the module:\n%s", err, out)
	}
	return binary
}

// Built with GOFIPS140, and with all other algorithms refused, the helper gets a token, encrypts it
// and returns it from the cache, with every source of credentials.
func TestStressFIPSBuild(t *testing.T) {
	binary := buildFIPS(t)
	for _, mode := range []string{"on", "only"} {
		t.Run(mode, func(t *testing.T) {
			for _, source := range ecrtest.Sources() {
				t.Run(string(source), func(t *testing.T) {
					s := ecrtest.New(t)
					u := newSourceUser(t, s, source).with("GODEBUG=fips140=" + mode)
					get := func() result {
						cmd := u.command(host, "get")
						cmd.Path, cmd.Args[0] = binary, binary
						return finish(t, cmd)
					}
					cold := readLogin(t, get())
					if principal, ok := s.PrincipalOf(cold.Secret); !ok || principal.ARN != source.Principal() {
						t.Errorf("the token belongs to %q, want %q", principal.ARN, source.Principal())
					}
					before := s.Connections()
					if warm := readLogin(t, get()); warm != cold {
						t.Error("the second result differs from the first")
					}
					if n := s.Connections() - before; n != 0 {
						t.Errorf("the second get made %d connections, want none", n)
					}
					if n := len(u.entries()); n != 1 {
						t.Errorf("%d entries on disk, want the sealed token", n)
					}
				})
			}
		})
	}
}

// The same over TLS, through the proxy, to the FIPS endpoints of ECR and STS.
func TestStressFIPSBuildOverTLS(t *testing.T) {
	binary := buildFIPS(t)
	s := ecrtest.New(t)
	u := newRegionUser(t, s, "aws", "us-west-2").with("GODEBUG=fips140=only", "AWS_PROFILE=role")
	cmd := u.command("123456789012.dkr.ecr-fips.us-west-2.amazonaws.com", "get")
	cmd.Path, cmd.Args[0] = binary, binary
	readLogin(t, finish(t, cmd))
	wantHosts(t, s, stsHost(t, "us-west-2", true), ecrHost(t, "us-west-2", true, false))
}

// Processes that share an SSO session refresh it once, although SHA-1 gives the name of its file.
func TestStressFIPSBuildRefreshesOnce(t *testing.T) {
	binary := buildFIPS(t)
	s := ecrtest.New(t)
	s.SetFault("sso-oidc:CreateToken", ecrtest.Fault{Latency: 200 * time.Millisecond})
	u := newSourceUser(t, s, ecrtest.FromExpiredSSO).with("GODEBUG=fips140=only")
	var all []*running
	for _, h := range regions(5) {
		cmd := u.command(h, "get")
		cmd.Path, cmd.Args[0] = binary, binary
		all = append(all, u.startCommand(cmd))
	}
	for _, p := range all {
		readLogin(t, p.wait())
	}
	wantCalls(t, s, "sso-oidc:CreateToken", 1)
	wantCalls(t, s, getToken, 5)
}
