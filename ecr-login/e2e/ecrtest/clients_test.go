//go:build e2e && linux

// Package ecrtest runs programs in other languages against the command ecrtest.
package ecrtest

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const (
	root    = "../../.."
	opToken = "ecr:GetAuthorizationToken"
)

// fake is a running command ecrtest with the environment that it printed.
type fake struct {
	t   *testing.T
	env map[string]string
}

// build builds a command of the root module.
func build(t *testing.T, target string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), filepath.Base(target))
	cmd := exec.Command("go", "build", "-o", path, target)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// start starts the command with a proxy in the environment: every version of boto3 and of the AWS
// command line uses it, and newer versions only use AWS_ENDPOINT_URL.
func start(t *testing.T, args ...string) *fake {
	t.Helper()
	cmd := exec.Command(build(t, "./ecr-login/ecrtest/cmd/ecrtest"), append([]string{"-env", "json", "-proxy"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("ecrtest after SIGTERM: %v", err)
		}
	})
	text, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t}
	if err := json.Unmarshal(text, &f.env); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return f
}

// run runs a program with the environment of the fake and no other AWS variable.
func (f *fake) run(stdin, program string, args ...string) (output string, err error) {
	f.t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		f.t.Skipf("%s is not installed: %v", program, err)
	}
	cmd := exec.CommandContext(f.t.Context(), path, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + f.t.TempDir()}
	for name, value := range f.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdin = strings.NewReader(stdin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 10 * time.Second // for a recipe that fails before it stops its background process
	text, err := cmd.CombinedOutput()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	return strings.TrimSpace(string(text)), err
}

func (f *fake) must(stdin, program string, args ...string) string {
	f.t.Helper()
	output, err := f.run(stdin, program, args...)
	if err != nil {
		f.t.Fatalf("%s %q: %v\n%s", program, args, err, output)
	}
	return output
}

// control sends a request to the control API.
func (f *fake) control(method, path, body string) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.env["ECRTEST_CONTROL_URL"]+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		text, _ := io.ReadAll(response.Body)
		f.t.Fatalf("%s %s: %s: %s", method, path, response.Status, text)
	}
}

// wantFault sets a fault over HTTP, checks that the program fails with the text, and clears the
// fault.
func (f *fake) wantFault(op, fault, want string, run func() (string, error)) {
	f.t.Helper()
	f.control("PUT", "/faults/"+op, "["+fault+"]")
	output, err := run()
	if err == nil || !strings.Contains(output, want) {
		f.t.Errorf("with the fault %s: %v, want %q in\n%s", fault, err, want, output)
	}
	f.control("DELETE", "/faults/"+op, "")
}

// python returns a Python with boto3. Debian's is not always the first on PATH.
func python(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(path, "-c", "import boto3").Run() == nil {
			return path
		}
	}
	t.Skip("boto3 is not installed (apt-get install python3-boto3)")
	return ""
}

func TestAWSCommandLine(t *testing.T) {
	f := start(t)
	if password := f.must("", "aws", "ecr", "get-login-password"); len(password) < 1000 {
		t.Errorf("a password of %d characters", len(password))
	}
	f.wantFault(opToken, `{"code":"AccessDeniedException"}`, "AccessDeniedException", func() (string, error) {
		return f.run("", "aws", "ecr", "get-login-password")
	})
}

func TestGoProgram(t *testing.T) {
	f := start(t)
	helper := build(t, "./ecr-login/docker-credential-ecr-login")
	get := func() (string, error) { return f.run(f.env["ECRTEST_HOST"], helper, "get") }
	f.wantFault(opToken, `{"code":"AccessDeniedException"}`, "access denied", get)
	if output, err := get(); err != nil || !strings.Contains(output, `"Username":"AWS"`) {
		t.Errorf("%v\n%s", err, output)
	}
}

// TestSkopeoAndBoto3 pushes an image with skopeo and reads its description with boto3.
func TestSkopeoAndBoto3(t *testing.T) {
	f := start(t, "-require-repositories")
	script := []string{"testdata/boto3_client.py"}
	boto3 := func() (string, error) { return f.run("", python(t), script...) }
	f.wantFault(opToken, `{"code":"AccessDeniedException"}`, "AccessDeniedException", boto3)
	password := f.must("", "aws", "ecr", "get-login-password")
	archive := writeArchive(t)
	target := "docker://" + f.env["ECRTEST_REGISTRY"] + "/team/app:1.0"
	push := func() (string, error) {
		return f.run("", "skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", "AWS:"+password, "docker-archive:"+archive, target)
	}
	if output, err := push(); err == nil || !strings.Contains(output, "does not exist in the registry") {
		t.Errorf("a push to an unknown repository: %v\n%s", err, output)
	}
	if output, err := boto3(); err != nil || output != "" {
		t.Fatalf("creating the repository: %v\n%s", err, output)
	}
	f.wantFault("registry", `{"status":403,"code":"DENIED","message":"not today"}`, "403 (Forbidden)", push)
	if output, err := push(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if output, err := boto3(); err != nil || output != "1.0" {
		t.Errorf("boto3 lists %q (%v), want 1.0", output, err)
	}
}

// TestPythonRecipe runs the test in Python of docs/ecrtest.md.
func TestPythonRecipe(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "ecrtest.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, _ := strings.Cut(string(page), "```python\n")
	recipe, _, found := strings.Cut(recipe, "```")
	if !found || !strings.Contains(recipe, "def test_tags():") {
		t.Fatalf("no test in Python on the page: %q", recipe)
	}
	start(t).must(recipe+"\ntest_tags()\n", python(t), "-")
}

// writeArchive writes an image as `docker save` does.
func writeArchive(t *testing.T) string {
	t.Helper()
	image, err := random.Image(512, 1)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference("app:1.0")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "image.tar")
	if err := tarball.WriteToFile(path, ref, image); err != nil {
		t.Fatal(err)
	}
	return path
}
