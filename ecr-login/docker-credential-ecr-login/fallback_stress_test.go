//go:build stress

package main

import (
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A passStore is a password store of pass with its own GPG key, for one test.
type passStore struct {
	t     *testing.T
	env   []string
	store string
}

// newPassStore needs the Debian packages pass and golang-docker-credential-helpers, with their
// dependencies gnupg and tree.
func newPassStore(t *testing.T) *passStore {
	t.Helper()
	for _, program := range []string{"gpg", "gpgconf", "pass", "docker-credential-pass"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed (Debian: apt-get install gnupg pass golang-docker-credential-helpers)", program)
		}
	}
	// The agent creates its socket in this directory, and the path of a socket must be short.
	gnupg, err := os.MkdirTemp("/tmp", "gnupg-")
	if err != nil {
		t.Fatal(err)
	}
	k := &passStore{t: t, store: filepath.Join(t.TempDir(), "store")}
	k.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GNUPGHOME=" + gnupg, "PASSWORD_STORE_DIR=" + k.store, "LC_ALL=C.UTF-8",
	}
	t.Cleanup(func() {
		k.run("", "gpgconf", "--kill", "all") // the agents of this GNUPGHOME, and no others
		if err := os.RemoveAll(gnupg); err != nil {
			t.Error(err)
		}
	})
	k.run("", "gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-generate-key", "keeper@example.invalid", "default", "default", "never")
	k.run("", "pass", "init", "keeper@example.invalid")
	return k
}

// run runs a program in the environment of the store. It must succeed.
func (k *passStore) run(stdin, name string, args ...string) string {
	k.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = k.env
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		k.t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// entries returns the server URLs with a login in pass: docker-credential-pass creates a directory
// for each.
func (k *passStore) entries() []string {
	k.t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(k.store, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".gpg" {
			return err
		}
		folder := filepath.Base(filepath.Dir(path))
		serverURL, err := base64.URLEncoding.DecodeString(folder)
		if err != nil {
			k.t.Errorf("%s is not what docker-credential-pass would write: %v", path, err)
		}
		found[string(serverURL)] = true
		return nil
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}

// With Docker's helper for pass as the fallback helper, logins for other registries are stored in
// pass, and those for ECR never are.
func TestStressFallbackPass(t *testing.T) {
	k := newPassStore(t)
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromFile).with(k.env[2:]...).settings("fallback = \"pass\"\n")
	wantEntries := func(when string, want ...string) {
		t.Helper()
		if got := k.entries(); !slices.Equal(got, want) {
			t.Errorf("%s pass has %q, want %q", when, got, want)
		}
	}

	if a, want := u.run("ghcr.io", "get"), (result{notFoundLine, "", 1}); a != want {
		t.Errorf("before any login: %+v, want %+v", a, want)
	}

	// As docker login does, with Docker Hub's key and a plain host.
	logins := []login{
		{"https://index.docker.io/v1/", "someone", "not-a-real-password"},
		{"ghcr.io", "someone-else", "not-a-real-token \"with\" quotes"},
	}
	for _, l := range logins {
		u.store(l).mustSucceed(t)
	}
	wantEntries("after two logins", "ghcr.io", "https://index.docker.io/v1/")
	for _, l := range logins {
		var got, theirs login
		a := u.run(l.ServerURL, "get")
		if err := json.Unmarshal([]byte(a.stdout), &got); err != nil || a.code != 0 || a.stderr != "" || got != l {
			t.Errorf("%+v (%v), want the login %+v", a, err, l)
		}
		if err := json.Unmarshal([]byte(k.run(l.ServerURL, "docker-credential-pass", "get")), &theirs); err != nil || theirs != l {
			t.Errorf("docker-credential-pass alone returns %+v (%v), want %+v", theirs, err, l)
		}
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections to AWS for other registries", n)
	}

	// Every command for ECR hosts, with tokens of this and of another principal.
	u.get(host)
	principal := ecrtest.Principal{ARN: "arn:aws:iam::210987654321:user/somebody", Account: "210987654321"}
	stored := login{"210987654321.dkr.ecr.us-east-1.amazonaws.com", "AWS", s.IssueToken(principal, "ecr", "us-east-1").Password}
	u.store(stored).mustSucceed(t)
	u.get("public.ecr.aws")
	wantEntries("after get and store for ECR", "ghcr.io", "https://index.docker.io/v1/")
	if out := k.run("", "pass", "ls"); strings.Contains(out, base64.URLEncoding.EncodeToString([]byte(host))) || strings.Contains(out, "dkr.ecr") {
		t.Errorf("pass ls shows a host of ECR:\n%s", out)
	}
	want := map[string]string{
		"https://index.docker.io/v1/": "someone", "ghcr.io": "someone-else",
		host: "AWS", stored.ServerURL: "AWS", "public.ecr.aws": "AWS",
	}
	if got := u.list(); !maps.Equal(got, want) {
		t.Errorf("list: %v, want %v", got, want)
	}
	u.run(stored.ServerURL, "erase").mustSucceed(t)
	u.run(host, "erase").mustSucceed(t)
	wantEntries("after erase for ECR", "ghcr.io", "https://index.docker.io/v1/")

	u.run("https://index.docker.io/v1/", "erase").mustSucceed(t)
	wantEntries("after a logout", "ghcr.io")
	if a, want := u.run("https://index.docker.io/v1/", "get"), (result{notFoundLine, "", 1}); a != want {
		t.Errorf("after the logout: %+v, want %+v", a, want)
	}
}
