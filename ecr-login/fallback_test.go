package ecrlogin_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// fallback writes a shell script docker-credential-NAME on PATH, and names it in the settings.
func fallback(t *testing.T, name, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fallback helper of these tests is a shell script")
	}
	dir := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, "docker-credential-"+name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("ECR_LOGIN_FALLBACK", name)
}

// keeper is the script of a helper that stores one login per file.
const keeper = `
d=$(dirname "$0")
case $1 in
get) read -r host; f=$d/$(echo "$host" | tr / _); if [ -f "$f" ]; then cat "$f"; else echo "credentials not found in native keychain"; exit 1; fi ;;
store) read -r login; host=$(echo "$login" | sed 's/.*"ServerURL":"\([^"]*\)".*/\1/'); echo "$login" > "$d/$(echo "$host" | tr / _)" ;;
erase) read -r host; rm "$d/$(echo "$host" | tr / _)" ;;
list) echo '{"ghcr.io":"somebody"}' ;;
esac
echo "$1" >> "$d/verbs"
`

func TestFallback(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	fallback(t, "keeper", keeper)
	h := ecrlogin.New(ecrlogin.Options{})
	l := ecrlogin.Credentials{Username: "somebody", Password: "not-a-real-password"}
	if _, err := h.Get(t.Context(), "ghcr.io"); !errors.Is(err, ecrlogin.ErrNotFound) {
		t.Errorf("before the login: %v", err)
	}
	if err := h.Store(t.Context(), "ghcr.io", l); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Get(t.Context(), "ghcr.io"); err != nil || got != l {
		t.Errorf("after the login: %v, %v", got, err)
	}
	if _, err := h.Get(t.Context(), host); err != nil {
		t.Error(err)
	}
	if hosts := h.List(t.Context()); len(hosts) != 2 || hosts["ghcr.io"] != "somebody" || hosts[host] != "AWS" {
		t.Errorf("list: %v, want both helpers' hosts", hosts)
	}
	if err := h.Erase(t.Context(), "ghcr.io"); err != nil {
		t.Error(err)
	}
	if _, err := h.Get(t.Context(), "ghcr.io"); !errors.Is(err, ecrlogin.ErrNotFound) {
		t.Errorf("after the logout: %v", err)
	}
	if n := s.Calls(getToken); n != 1 {
		t.Errorf("%d calls to AWS, want 1, for the ECR host", n)
	}
}

// The fallback helper is not called for ECR registries.
func TestFallbackNotCalledForECR(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	fallback(t, "spy", `touch "$(dirname "$0")/asked"; echo '{}'`)
	h := ecrlogin.New(ecrlogin.Options{})
	s.SetFault(getToken, ecrtest.AccessDenied())
	if _, err := h.Get(t.Context(), host); err == nil {
		t.Error("get succeeded although AWS denied it")
	}
	if err := h.Store(t.Context(), host, ecrlogin.Credentials{Username: "AWS", Password: "not-a-real-token"}); err != nil {
		t.Error(err)
	}
	if err := h.Erase(t.Context(), host); err != nil {
		t.Error(err)
	}
	asked := filepath.Join(strings.Split(os.Getenv("PATH"), string(os.PathListSeparator))[0], "asked")
	if _, err := os.Stat(asked); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the fallback helper was called: %v", err)
	}
}

func TestFallbackErrors(t *testing.T) {
	for _, test := range []struct {
		name, script, want string
		env                string
		kind               token.Kind
	}{
		{name: "missing", script: "", want: "docker-credential-missing"},
		{name: "broken", script: "echo rubbish; exit 3", want: "rubbish"},
		{name: "hanging", script: "exec sleep 60", env: "300ms", want: "docker-credential-hanging", kind: token.Timeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			newAWS(t, ecrtest.FromEnvironment)
			fallback(t, test.name, test.script)
			if test.env != "" {
				t.Setenv("ECR_LOGIN_TIMEOUT", test.env)
			}
			h := ecrlogin.New(ecrlogin.Options{})
			_, err := h.Get(t.Context(), "ghcr.io")
			if err == nil || errors.Is(err, ecrlogin.ErrNotFound) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("get: %v, want an error that contains %q", err, test.want)
			}
			var e *ecrlogin.Error
			if test.kind != "" && (!errors.As(err, &e) || e.Kind != test.kind) {
				t.Errorf("get: %v, want the kind %s", err, test.kind)
			}
			if hosts := h.List(t.Context()); len(hosts) != 0 {
				t.Errorf("list: %v, want nothing and no error", hosts)
			}
		})
	}
}

// A fallback helper that hangs ends with its descendants, and nothing waits for its standard error.
func TestFallbackEndsWithDescendants(t *testing.T) {
	newAWS(t, ecrtest.FromEnvironment)
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := exec.Command("mkfifo", fifo).Run(); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDWR, 0) // opens without a writer
	if err != nil {
		t.Fatal(err)
	}
	fallback(t, "hanging", "exec 9>"+fifo+"; sleep 600; true")
	t.Setenv("ECR_LOGIN_TIMEOUT", "300ms")
	stderr, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var e *ecrlogin.Error
	if _, err := ecrlogin.New(ecrlogin.Options{Stderr: ours}).Get(t.Context(), "ghcr.io"); !errors.As(err, &e) || e.Kind != token.Timeout || e.Stage != token.StageFallback {
		t.Errorf("get: %v, want a timeout", err)
	}
	ours.Close()
	if _, err := io.ReadAll(stderr); err != nil { // ends with the last descendant that has it
		t.Error(err)
	}
	only, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	if _, err := io.ReadAll(only); err != nil { // so does this
		t.Error(err)
	}
}

// A fallback helper that is a link to this program or a copy would start itself without end.
func TestFallbackIsNotThisProgram(t *testing.T) {
	newAWS(t, ecrtest.FromEnvironment)
	fallback(t, "myself", "exit 0")
	link := filepath.Join(t.TempDir(), "docker-credential-linked")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(link)+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("ECR_LOGIN_FALLBACK", "linked")
	if _, err := ecrlogin.New(ecrlogin.Options{}).Get(t.Context(), "ghcr.io"); err == nil || !strings.Contains(err.Error(), "this program itself") {
		t.Errorf("a link to this program: %v", err)
	}

	// A copy is another file. Its environment marks it as the fallback helper.
	fallback(t, "copy", `[ "$ECR_LOGIN_IN_FALLBACK" = 1 ] || exit 9; echo "credentials not found in native keychain"; exit 1`)
	h := ecrlogin.New(ecrlogin.Options{})
	if _, err := h.Get(t.Context(), "ghcr.io"); !errors.Is(err, ecrlogin.ErrNotFound) {
		t.Errorf("the environment of the fallback helper does not mark it as one: %v", err)
	}
	t.Setenv("ECR_LOGIN_IN_FALLBACK", "1")
	fallback(t, "never", "exit 9")
	if _, err := ecrlogin.New(ecrlogin.Options{}).Get(t.Context(), "ghcr.io"); !errors.Is(err, ecrlogin.ErrNotFound) {
		t.Errorf("a fallback helper called its own fallback helper: %v", err)
	}
}
