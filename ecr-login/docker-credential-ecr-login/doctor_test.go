package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/doctor"
)

// A fixture is a user whose pulls work, until a test changes something. Everything goes through the
// proxy, so that the real host names are called. The image app:v1 is in the registry host.
type fixture struct {
	*user
	s    *ecrtest.Server
	home *ecrtest.Home
	bin  string // the only directory of PATH
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	s := ecrtest.New(t)
	dir := t.TempDir()
	home := s.Home(dir)
	home.Proxy = true
	p := &fixture{newUser(t, dir, home.Environment(s.AddUser(developer))), s, home, filepath.Join(dir, "bin")}
	p.user = p.with("PATH="+p.bin, "XDG_RUNTIME_DIR="+memory(t), "AWS_MAX_ATTEMPTS=1")
	p.install(filepath.Join("bin", filepath.Base(helper)))
	p.config(`{"credHelpers": {"` + host + `": "ecr-login"}}`)

	token := s.IssueToken(ecrtest.Principal{ARN: developer, Account: ecrtest.Account}, "ecr", ecrtest.Region)
	app, err := name.ParseReference(host + "/app:v1")
	if err != nil {
		t.Fatal(err)
	}
	auth := remote.WithAuth(&authn.Basic{Username: ecrtest.User, Password: token.Password})
	if err := remote.Write(app, empty.Image, auth, remote.WithTransport(s.Transport())); err != nil {
		t.Fatal(err)
	}
	return p
}

// memory returns a directory for the sealing key where the keyring is refused: in memory, if
// possible.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ecr-login-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// install puts the program at a path below the home directory: a link, else a copy.
func (p *fixture) install(path string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(path)), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Symlink(helper, p.path(path)); err != nil {
		p.copy(path)
	}
}

func (p *fixture) copy(path string) {
	p.t.Helper()
	p.remove(path) // a link would be written through
	text, err := os.ReadFile(helper)
	if err != nil {
		p.t.Fatal(err)
	}
	p.file(path, string(text))
	p.chmod(path, 0o755)
}

func (p *fixture) path(path string) string { return filepath.Join(p.dir, path) }

func (p *fixture) file(path, text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(path)), 0o700); err != nil {
		p.t.Fatal(err)
	}
	// A process that is forked while the file is open for writing keeps it so, and it could not be
	// run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(p.path(path), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *fixture) config(text string) { p.file(".docker/config.json", text) }

func (p *fixture) chmod(path string, mode os.FileMode) {
	p.t.Helper()
	if err := os.Chmod(p.path(path), mode); err != nil {
		p.t.Fatal(err)
	}
}

func (p *fixture) remove(path string) {
	p.t.Helper()
	if err := os.RemoveAll(p.path(path)); err != nil {
		p.t.Fatal(err)
	}
}

// set changes the environment.
func (p *fixture) set(env ...string) { p.user = p.with(env...) }

// fill replaces $DIR, $HOST, $PROXY, $CA and environment variables in a text.
func (p *fixture) fill(text string) string {
	return os.Expand(text, func(name string) string {
		switch name {
		case "DIR":
			return p.dir
		case "HOST":
			return host
		case "PROXY":
			return p.s.ProxyURL
		case "URL":
			return strings.TrimPrefix(p.s.URL, "http://")
		case "CA":
			return p.s.CAFile
		}
		value, _ := p.environ(name)
		return value
	})
}

// wants compares the whole output line by line; * stands for any text.
func (p *fixture) wants(a result, code int, want string) {
	p.t.Helper()
	if a.code != code || a.stderr != "" {
		p.t.Errorf("exit code %d, want %d; standard error: %s", a.code, code, a.stderr)
	}
	got, wanted := strings.Split(a.stdout, "\n"), strings.Split(p.fill(want), "\n")
	same := len(got) == len(wanted)
	for i := 0; same && i < len(got); i++ {
		same = alike(got[i], wanted[i])
	}
	if !same {
		p.t.Errorf("doctor prints\n%s\nwant\n%s", a.stdout, p.fill(want))
	}
}

// problems returns an answer reduced to the lines that are not marked ✔, and their fixes. It omits
// the warning that every fixture has: Docker's daemon does not read the CA of the test server.
func problems(a result) result {
	var b strings.Builder
	omitFix := false
	for line := range strings.Lines(a.stdout) {
		if strings.HasSuffix(line, "does not read\n") {
			omitFix = true
			continue
		}
		if first := strings.Fields(line); len(first) > 1 && first[0] != "✔" && !omitFix {
			b.WriteString(line)
		}
		omitFix = false
	}
	a.stdout = b.String()
	return a
}

const healthy = `✔ user         * home $DIR
✔ config       $DIR/.docker/config.json
✔ program      docker runs $DIR/bin/docker-credential-ecr-login v0.0.0-test, the only copy on PATH
✔ settings     no settings file, the defaults apply
✔ passwords    no ECR password stored in plain text in $DIR/.docker/config.json
✔ old cache    no tokens of amazon-ecr-credential-helper in $DIR/.ecr/cache.json
✔ cache        $DIR/.cache/ecr-login, created when needed
✔ sealing      the key is in *

$HOST
✔ entry        credHelpers: docker runs docker-credential-ecr-login
✔ credentials  arn:aws:iam::123456789012:user/developer, from access key in the environment
✔ api          api.ecr.us-east-1.amazonaws.com answers through proxy $PROXY, verified with $CA
! host         $HOST answers through proxy $PROXY, verified with $CA, which Docker's daemon does not read
               fix: sudo install -D -m 0644 $CA /etc/docker/certs.d/$HOST/ca.crt
✔ clock        within a minute of the server's
✔ token        from AWS, valid for another *h*m
✔ registry     $HOST accepts the token
✔ image        app:v1 found, sha256:*
✔ layers       sha256:* can be downloaded
`

// All checks pass where pulls work: with an empty cache, from the cache, and as JSON.
func TestDoctorHealthy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the lines are those of Linux")
	}
	p := newFixture(t)
	p.wants(p.run("", "doctor", host+"/app:v1"), 0, healthy)
	again := strings.NewReplacer(
		"created when needed", "1 entry, locking works",
		"from AWS, valid", "from the cache, valid",
	).Replace(healthy)
	p.wants(p.run("", "doctor", "https://"+host+":443/app:v1"), 0, again)
	wantCalls(t, p.s, getToken, 1)

	// Without an argument the configured registry is checked, and no image.
	chosen := strings.Replace(again, "\n\n$HOST", "\n✔ registries   1 registry in $DIR/.docker/config.json\n\n$HOST", 1)
	chosen, _, _ = strings.Cut(chosen, "✔ image")
	p.wants(p.run("", "doctor"), 0, chosen)

	a := p.run("", "doctor", "--json", host+"/app:v1")
	var findings []doctor.Finding
	if err := json.Unmarshal([]byte(a.stdout), &findings); err != nil || a.code != 0 || a.stderr != "" {
		t.Fatalf("%v: %+v", err, a)
	}
	var lines strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&lines, "%s %-12s %s\n", map[doctor.Status]string{doctor.OK: "✔", doctor.Warn: "!"}[f.Status], f.Check, f.Fact)
		if f.Fix != "" {
			fmt.Fprintf(&lines, "%15sfix: %s\n", "", f.Fix)
		}
	}
	p.wants(result{stdout: lines.String()}, 0, strings.Replace(again, "\n\n$HOST", "", 1))
}

// checkNoSecrets fails if an answer contains a secret.
func (p *fixture) checkNoSecrets(a result) {
	p.t.Helper()
	secrets := []string{"not-a-real-password"}
	for _, token := range p.s.Tokens() {
		secrets = append(secrets, token.Password, token.Basic())
	}
	if key, _ := p.environ("AWS_SECRET_ACCESS_KEY"); key != "" {
		secrets = append(secrets, key)
	}
	for _, secret := range secrets {
		if strings.Contains(a.stdout+a.stderr, secret) {
			p.t.Errorf("%q is in the output:\n%s%s", secret, a.stdout, a.stderr)
		}
	}
}

// shell returns the path of a shell, because PATH has none. It skips the test without one.
func shell(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	return path
}

// script writes another program, which prints the lines, at a path below the home directory.
func (p *fixture) script(path string, lines ...string) {
	p.t.Helper()
	p.file(path, "#!"+shell(p.t.(*testing.T))+"\necho '"+strings.Join(lines, "'\necho '")+"'\n")
	p.chmod(path, 0o755)
}
