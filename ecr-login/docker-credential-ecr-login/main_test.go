package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// helper is the path of the real binary, which is built once for all tests of this package.
var helper string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ecr-login-test-")
	if err != nil {
		panic(err)
	}
	helper = filepath.Join(dir, "docker-credential-ecr-login")
	if runtime.GOOS == "windows" {
		helper += ".exe"
	}
	build := exec.Command("go", "build", "-trimpath", "-tags", "nethttpomithttp2", "-ldflags", "-X main.linked=v0.0.0-test", "-o", helper, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the helper: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

const program = progname.Program

const host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

// A user has a home directory and an environment, and runs the helper.
type user struct {
	t   testing.TB
	dir string
	env []string
}

// newUser returns a user whose environment is env, without anything from the environment of the
// test. The cache is in its usual place below the home directory.
func newUser(t testing.TB, dir string, env []string) *user {
	t.Helper()
	runtimeDir := filepath.Join(dir, "run")
	temp := filepath.Join(dir, "tmp")
	for _, d := range []string{runtimeDir, temp} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return &user{t, dir, append(env, "XDG_RUNTIME_DIR="+runtimeDir, "TMPDIR="+temp)}
}

// with returns the same user with more environment variables.
func (u *user) with(env ...string) *user {
	c := *u
	c.env = append(append([]string{}, u.env...), env...)
	return &c
}

// A result is the output and exit code of one run of the helper.
type result struct {
	stdout, stderr string
	code           int
}

// command returns a command that runs the helper.
func (u *user) command(stdin string, args ...string) *exec.Cmd {
	cmd := exec.Command(helper, args...)
	cmd.Env = u.env
	cmd.Dir = u.dir
	cmd.Stdin = strings.NewReader(stdin)
	return cmd
}

func (u *user) run(stdin string, args ...string) result {
	u.t.Helper()
	return finish(u.t, u.command(stdin, args...))
}

func finish(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("starting %s: %v", cmd, err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// login is the output of a get.
type login struct{ ServerURL, Username, Secret string }

// get runs a get that must succeed with the output of the protocol: exactly three fields, and
// nothing on standard error.
func (u *user) get(serverURL string) login {
	u.t.Helper()
	return readLogin(u.t, u.run(serverURL, "get"))
}

func readLogin(t testing.TB, a result) login {
	t.Helper()
	if a.code != 0 || a.stderr != "" {
		t.Fatalf("get: exit code %d\nstandard output: %s\nstandard error: %s", a.code, a.stdout, a.stderr)
	}
	var fields map[string]string
	if err := json.Unmarshal([]byte(a.stdout), &fields); err != nil {
		t.Fatalf("get did not print JSON: %v\n%s", err, a.stdout)
	}
	l := login{fields["ServerURL"], fields["Username"], fields["Secret"]}
	if len(fields) != 3 || l.ServerURL == "" || l.Username != "AWS" || l.Secret == "" {
		t.Fatalf("get printed %s, want exactly ServerURL, Username AWS and Secret", a.stdout)
	}
	return l
}

// list runs a list, which must succeed.
func (u *user) list() map[string]string {
	u.t.Helper()
	a := u.run("unused", "list")
	if a.code != 0 || a.stderr != "" {
		u.t.Fatalf("list: exit code %d\nstandard output: %s\nstandard error: %s", a.code, a.stdout, a.stderr)
	}
	var hosts map[string]string
	if err := json.Unmarshal([]byte(a.stdout), &hosts); err != nil {
		u.t.Fatalf("list did not print JSON: %v\n%s", err, a.stdout)
	}
	return hosts
}

// store runs a store of the login.
func (u *user) store(l login) result {
	u.t.Helper()
	in, err := json.Marshal(l)
	if err != nil {
		u.t.Fatal(err)
	}
	return u.run(string(in), "store")
}

// mustSucceed fails unless the exit code is 0 and nothing was printed.
func (a result) mustSucceed(t testing.TB) {
	t.Helper()
	if a != (result{}) {
		t.Fatalf("exit code %d\nstandard output: %s\nstandard error: %s", a.code, a.stdout, a.stderr)
	}
}

// newSourceUser returns a user whose credentials come from the source.
func newSourceUser(t testing.TB, s *ecrtest.Server, source ecrtest.Source) *user {
	t.Helper()
	dir := t.TempDir()
	return newUser(t, dir, s.Env(dir, source))
}

func wantCalls(t testing.TB, s *ecrtest.Server, op string, want int) {
	t.Helper()
	if got := s.Calls(op); got != want {
		t.Errorf("%d calls of %s, want %d", got, op, want)
	}
}

const getToken = "ecr:GetAuthorizationToken"

// entries returns the files of the cache entries.
func (u *user) entries() []string {
	u.t.Helper()
	files, err := filepath.Glob(filepath.Join(u.dir, ".cache", "ecr-login", "entries", "[0-9a-f]*"))
	if err != nil {
		u.t.Fatal(err)
	}
	return files
}

// onlyEntryExpiresIn returns the remaining lifetime of the only cache entry: the modification time
// of its file is the expiry time.
func (u *user) onlyEntryExpiresIn() time.Duration {
	u.t.Helper()
	files := u.entries()
	if len(files) != 1 {
		u.t.Fatalf("the cache has %d entries, want one", len(files))
	}
	info, err := os.Stat(files[0])
	if err != nil {
		u.t.Fatal(err)
	}
	return time.Until(info.ModTime())
}
