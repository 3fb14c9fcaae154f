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

// fipsModule is the Go Cryptographic Module that has a certificate; Go ships it, under lib/fips140.
const fipsModule = "v1.0.0"

// buildFIPS builds the helper with that module in place of the standard library's cryptography.
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
		t.Fatalf("%v: the binary does not say that it has the module:\n%s", err, out)
	}
	return binary
}

// Built with GOFIPS140 the helper starts, and with every other algorithm refused it gets a token, seals it and
// serves it from the cache, for every source of credentials.
func TestStressFIPSBuild(t *testing.T) {
	binary := buildFIPS(t)
	for _, mode := range []string{"on", "only"} {
		t.Run(mode, func(t *testing.T) {
			for _, source := range ecrtest.Sources() {
				t.Run(string(source), func(t *testing.T) {
					s := ecrtest.New(t)
					u := newSourceUser(t, s, source).with("GODEBUG=fips140=" + mode)
					get := func() answer {
						cmd := u.command(host, "get")
						cmd.Path, cmd.Args[0] = binary, binary
						return finish(t, cmd)
					}
					cold := readLogin(t, get())
					if who, ok := s.PrincipalOf(cold.Secret); !ok || who.ARN != source.Principal() {
						t.Errorf("the token belongs to %q, want %q", who.ARN, source.Principal())
					}
					before := s.Connections()
					if warm := readLogin(t, get()); warm != cold {
						t.Error("the second answer differs from the first")
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

// TLS too: through the proxy, to the FIPS endpoints of ECR and STS.
func TestStressFIPSBuildOverTLS(t *testing.T) {
	binary := buildFIPS(t)
	s := ecrtest.New(t)
	u := newTraveller(t, s, "aws", "us-west-2").with("GODEBUG=fips140=only", "AWS_PROFILE=role")
	cmd := u.command("123456789012.dkr.ecr-fips.us-west-2.amazonaws.com", "get")
	cmd.Path, cmd.Args[0] = binary, binary
	readLogin(t, finish(t, cmd))
	wantHosts(t, s, stsHost(t, "us-west-2", true), ecrHost(t, "us-west-2", true, false))
}

// Processes that must renew one SSO session do so one after another here too, although the name of its file is
// made with SHA-1.
func TestStressFIPSBuildRenewsOnce(t *testing.T) {
	binary := buildFIPS(t)
	s := ecrtest.New(t)
	s.SetFault("sso-oidc:CreateToken", ecrtest.Fault{Latency: 200 * time.Millisecond})
	u := newSourceUser(t, s, ecrtest.FromExpiredSSO).with("GODEBUG=fips140=only")
	var all []*underway
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
