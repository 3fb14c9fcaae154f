package main

import (
	"encoding/json"
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

// A patient is somebody whose pulls work, until something is planted. Everything goes through the proxy, so that the
// real host names are called; app:v1 is in the usual registry.
type patient struct {
	*user
	s    *ecrtest.Server
	home *ecrtest.Home
	bin  string // the only folder of PATH
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	s := ecrtest.New(t)
	dir := t.TempDir()
	home := s.Home(dir)
	home.Proxy = true
	p := &patient{newUser(t, dir, home.Environment(s.AddUser(developer))), s, home, filepath.Join(dir, "bin")}
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

// memory is a folder for the sealing key of those whose keyring a container refuses: one that no disk keeps, where
// there is such a one.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ecr-login-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// install puts the program at a path below the home folder: a link, or a copy where others have to start it.
func (p *patient) install(path string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(path)), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Symlink(helper, p.path(path)); err != nil {
		p.copy(path)
	}
}

func (p *patient) copy(path string) {
	p.t.Helper()
	p.remove(path) // a link would be written through
	text, err := os.ReadFile(helper)
	if err != nil {
		p.t.Fatal(err)
	}
	p.file(path, string(text))
	p.chmod(path, 0o755)
}

func (p *patient) path(path string) string { return filepath.Join(p.dir, path) }

func (p *patient) file(path, text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(path)), 0o700); err != nil {
		p.t.Fatal(err)
	}
	// A process that is forked while the file is open for writing keeps it so, and it could not be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(p.path(path), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *patient) config(text string) { p.file(".docker/config.json", text) }

func (p *patient) chmod(path string, mode os.FileMode) {
	p.t.Helper()
	if err := os.Chmod(p.path(path), mode); err != nil {
		p.t.Fatal(err)
	}
}

func (p *patient) remove(path string) {
	p.t.Helper()
	if err := os.RemoveAll(p.path(path)); err != nil {
		p.t.Fatal(err)
	}
}

// set changes the environment.
func (p *patient) set(env ...string) { p.user = p.with(env...) }

// fill puts the names of this run in the place of those that texts have: $DIR, $HOST, $PROXY, $CA.
func (p *patient) fill(text string) string {
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

// wants compares a whole output line by line, where * stands for any text.
func (p *patient) wants(a answer, code int, want string) {
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
		p.t.Errorf("doctor says\n%s\nwant\n%s", a.stdout, p.fill(want))
	}
}

// complaints is what an output says of what does not hold: the lines that are not marked ✔, and what to do.
func complaints(a answer) answer {
	var b strings.Builder
	for line := range strings.Lines(a.stdout) {
		if first := strings.Fields(line); len(first) > 1 && first[0] != "✔" {
			b.WriteString(line)
		}
	}
	a.stdout = b.String()
	return a
}

const healthy = `✔ user         * home $DIR
✔ config       $DIR/.docker/config.json
✔ program      docker runs $DIR/bin/docker-credential-ecr-login v0.0.0-test, the only one on PATH
✔ settings     no file, and none is needed
✔ passwords    no client keeps one for an ECR registry
✔ old cache    no tokens in plain text in $DIR/.ecr/cache.json
✔ cache        $DIR/.cache/ecr-login, made when there is something to keep
✔ sealing      the key is in *

$HOST
✔ entry        credHelpers has it: docker runs docker-credential-ecr-login
✔ credentials  arn:aws:iam::123456789012:user/developer, by access key in the environment
✔ api          api.ecr.us-east-1.amazonaws.com answers through proxy $PROXY, its certificate trusted by $CA
✔ host         $HOST answers through proxy $PROXY, its certificate trusted by $CA, which Docker's daemon does not read
✔ clock        within a minute of the server's
✔ token        from AWS, good for another *h*m
✔ registry     $HOST takes the token
✔ image        app:v1 is there, sha256:*
✔ layers       sha256:* may be downloaded
`

// Somebody whose pulls work is told so, once more from the cache, and in JSON.
func TestDoctorHealthy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the lines are those of Linux")
	}
	p := newPatient(t)
	p.wants(p.run("", "doctor", host+"/app:v1"), 0, healthy)
	again := strings.NewReplacer(
		"made when there is something to keep", "1 entry, locks work",
		"from AWS, good", "from the cache, good",
	).Replace(healthy)
	p.wants(p.run("", "doctor", "https://"+host+":443/app:v1"), 0, again)
	wantCalls(t, p.s, getToken, 1)

	// The registry of the configuration is chosen, and no image is looked for.
	chosen := strings.Replace(again, "\n\n$HOST", "\n✔ registries   1 registry of $DIR/.docker/config.json\n\n$HOST", 1)
	chosen, _, _ = strings.Cut(chosen, "✔ image")
	p.wants(p.run("", "doctor"), 0, chosen)

	a := p.run("", "doctor", "--json", host+"/app:v1")
	var findings []doctor.Finding
	if err := json.Unmarshal([]byte(a.stdout), &findings); err != nil || a.code != 0 || a.stderr != "" {
		t.Fatalf("%v: %+v", err, a)
	}
	for i, line := range strings.Split(strings.ReplaceAll(p.fill(again), "\n\n"+host, ""), "\n") {
		if i == len(findings) {
			break
		}
		f := findings[i]
		if f.Status != doctor.OK || !alike(strings.TrimRight("✔ "+f.Check+strings.Repeat(" ", 13-len(f.Check))+f.Fact, "\n"), line) {
			t.Errorf("finding %d is %+v, want %q", i, f, line)
		}
	}
}

// Nothing of what is secret is ever said, however much goes wrong.
func (p *patient) keepsSecrets(a answer) {
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

// shell skips where there is no shell to play another program, and says where it is: PATH has none.
func shell(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("no shell to play another program")
	}
	return path
}

// script puts another program at a path below the home folder, which prints lines.
func (p *patient) script(path string, lines ...string) {
	p.t.Helper()
	p.file(path, "#!"+shell(p.t.(*testing.T))+"\necho '"+strings.Join(lines, "'\necho '")+"'\n")
	p.chmod(path, 0o755)
}
