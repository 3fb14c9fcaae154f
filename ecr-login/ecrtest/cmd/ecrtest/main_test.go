package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// TestMain lets the test binary stand in for the command.
func TestMain(m *testing.M) {
	if os.Getenv("ECRTEST_TEST_ACT") == "ecrtest" {
		main()
	}
	os.Exit(m.Run())
}

func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "ECRTEST_TEST_ACT=ecrtest", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// start starts the command and returns the environment that it prints as JSON.
func start(t *testing.T, args ...string) (env map[string]string) {
	t.Helper()
	cmd := command(append([]string{"-env", "json"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("after SIGTERM: %v\n%s", err, stderr.String())
		}
	})
	text, err := io.ReadAll(out) // ends when the command closes its output
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &env); err != nil {
		t.Fatalf("%v in %s\n%s", err, text, stderr.String())
	}
	return env
}

// client returns a client of ECR with the printed environment.
func client(env map[string]string) *ecr.Client {
	return ecr.New(ecr.Options{
		Region: env["AWS_DEFAULT_REGION"], BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL"]), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], ""),
	})
}

// ask sends a request to the control API and returns the answer's status and body.
func ask(t *testing.T, env map[string]string, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, env["ECRTEST_CONTROL_URL"]+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(text))
}

func mustAsk(t *testing.T, env map[string]string, method, path, body string) string {
	t.Helper()
	status, text := ask(t, env, method, path, body)
	if status >= 300 {
		t.Fatalf("%s %s: status %d: %s", method, path, status, text)
	}
	return text
}

func TestControlAPI(t *testing.T) {
	t.Parallel()
	env := start(t)
	c := client(env)
	token := func() error { _, err := c.GetAuthorizationToken(t.Context(), nil); return err }
	fails := func(want string) {
		t.Helper()
		if err := token(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if err := token(); err != nil {
		t.Fatal(err)
	}
	mustAsk(t, env, "GET", "/health", "")
	mustAsk(t, env, "PUT", "/faults/ecr:GetAuthorizationToken", `[{"code":"ThrottlingException","times":1},{"status":503,"latency":"1ms","times":1}]`)
	fails("ThrottlingException")
	fails("503")
	if err := token(); err != nil {
		t.Errorf("after both faults: %v", err)
	}
	mustAsk(t, env, "PUT", "/faults/ecr:GetAuthorizationToken", `[{"body":"{}"}]`)
	if out, err := c.GetAuthorizationToken(t.Context(), nil); err != nil || len(out.AuthorizationData) != 0 {
		t.Errorf("%v, %v, want the fault's body", out, err)
	}
	mustAsk(t, env, "DELETE", "/faults/ecr:GetAuthorizationToken", "")
	mustAsk(t, env, "PUT", "/denials/ecr:GetAuthorizationToken", "")
	fails("AccessDeniedException")
	mustAsk(t, env, "DELETE", "/denials/ecr:GetAuthorizationToken", "")
	mustAsk(t, env, "PUT", "/settings", `{"clockOffset":"13h"}`)
	fails("Signature expired")
	c = client(env) // the old one has adapted to the clock
	mustAsk(t, env, "PUT", "/settings", `{"clockOffset":"0s","requireRepositories":true,"immutableTags":true}`)
	if err := token(); err != nil {
		t.Error(err)
	}
	if got := mustAsk(t, env, "GET", "/calls", ""); got != `{"ecr:GetAuthorizationToken":8}` {
		t.Errorf("calls %s", got)
	}
	if got := mustAsk(t, env, "GET", "/requests?op=ecr:GetAuthorizationToken", ""); strings.Count(got, `"Op":"ecr:GetAuthorizationToken"`) != 8 {
		t.Errorf("requests %s", got)
	}
	mustAsk(t, env, "DELETE", "/calls", "")
	if got := mustAsk(t, env, "GET", "/calls", "") + mustAsk(t, env, "GET", "/requests", ""); got != "{}[]" {
		t.Errorf("after DELETE: %s", got)
	}
	var user map[string]string
	if err := json.Unmarshal([]byte(mustAsk(t, env, "POST", "/users", `{"name":"alice"}`)), &user); err != nil || user["arn"] != "arn:aws:iam::123456789012:user/alice" {
		t.Errorf("%v, %v", user, err)
	}
	env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"] = user["accessKeyId"], user["secretAccessKey"]
	if _, err := client(env).GetAuthorizationToken(t.Context(), nil); err != nil {
		t.Errorf("a new user: %v", err)
	}
	mustAsk(t, env, "POST", "/roles", `{"arn":"arn:aws:iam::123456789012:role/deployer"}`)
	if got := mustAsk(t, env, "GET", "/clock", ""); !strings.HasPrefix(got, `{"now":"20`) {
		t.Errorf("clock %s", got)
	}
}

func TestControlAPIRefuses(t *testing.T) {
	t.Parallel()
	env := start(t)
	for _, bad := range []struct{ method, path, body string }{
		{"PUT", "/faults/ecr:GetAuthorizationToken", "[]"},
		{"PUT", "/faults/ecr:GetAuthorizationToken", `{"code":"X"}`},
		{"PUT", "/faults/ecr:GetAuthorizationToken", `[{"cod":"X"}]`},
		{"PUT", "/settings", `{"clockOffset":13}`},
		{"PUT", "/settings", `{"clockOffset":"soon"}`},
		{"POST", "/users", ""},
		{"POST", "/roles", "{}"},
		{"POST", "/roles", strings.Repeat(" ", 2<<20)},
		{"GET", "/nothing", ""},
		{"POST", "/calls", ""},
	} {
		if status, text := ask(t, env, bad.method, bad.path, bad.body); status < 400 || status > 499 || text == "" {
			t.Errorf("%s %s %.40s: status %d: %s", bad.method, bad.path, bad.body, status, text)
		}
	}
}

func TestCommandGetsEnvironment(t *testing.T) {
	t.Parallel()
	cmd := command("sh", "-c", `echo "$AWS_ENDPOINT_URL $ECRTEST_URL"; exit 7`)
	out, err := cmd.Output()
	a, b, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if cmd.ProcessState.ExitCode() != 7 || a == "" || a != b {
		t.Errorf("%q, %v, want the endpoint twice and exit code 7", out, err)
	}
}

// TestShellEnvironment evaluates the printed environment in a shell while the fake runs, as a
// script does.
func TestShellEnvironment(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", "-c", `eval "$("$0" -source process -require-repositories &)"; echo "$AWS_PROFILE $ECRTEST_HOST"; kill $ECRTEST_PID`, os.Args[0])
	cmd.Env = append(os.Environ(), "ECRTEST_TEST_ACT=ecrtest")
	out, err := cmd.Output()
	if want := "process " + ecrtest.Account + ".dkr.ecr." + ecrtest.Region + ".amazonaws.com\n"; err != nil || string(out) != want {
		t.Errorf("%q, %v, want %q", out, err, want)
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	env := []variable{{"A", "it's"}, {"B", "2"}}
	for format, want := range map[string]string{
		"sh": "export A='it'\\''s'\nexport B='2'\n", "compose": "A=it's\nB=2\n", "json": "{\n  \"A\": \"it's\",\n  \"B\": \"2\"\n}\n",
	} {
		var b bytes.Buffer
		if err := printers[format](&b, env); err != nil || b.String() != want {
			t.Errorf("%s: %q, %v, want %q", format, b.String(), err, want)
		}
	}
}

// TestHostName checks the URLs for clients in containers: a name for the host, and no files of this
// machine.
func TestHostName(t *testing.T) {
	t.Parallel()
	env := start(t, "-host", "ecrtest.example", "-proxy")
	for _, name := range []string{"ECRTEST_URL", "ECRTEST_TLS_URL", "ECRTEST_REGISTRY", "ECRTEST_REGISTRY_TLS", "HTTPS_PROXY", "ECRTEST_CONTROL_URL"} {
		if !strings.Contains(env[name], "ecrtest.example:") {
			t.Errorf("%s=%s", name, env[name])
		}
	}
	if env["AWS_ACCESS_KEY_ID"] != "AKIDEXAMPLE00001" || env["AWS_SECRET_ACCESS_KEY"] != "secret-for-tests-00001" {
		t.Errorf("the access key %s is not the documented one", env["AWS_ACCESS_KEY_ID"])
	}
	if env["AWS_CONFIG_FILE"] != "" || env["AWS_CA_BUNDLE"] == "" || env["AWS_ENDPOINT_URL"] != "" {
		t.Errorf("%q", env)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-h"}, 0, "Usage: ecrtest"},
		{[]string{"-env", "yaml"}, 2, `invalid value "yaml" for flag -env`},
		{[]string{"-nothing"}, 2, "not defined"},
		{[]string{"-source", "nothing"}, 1, `unknown source "nothing"`},
		{[]string{"-addr", "127.0.0.1:99999"}, 1, "ecrtest: starting the fake AWS"},
		{[]string{"./nothing-here"}, 1, "running ./nothing-here"},
	} {
		var stderr bytes.Buffer
		code := run(context.Background(), c.args, nil, nopCloser{io.Discard}, &stderr)
		if code != c.code || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%q: exit code %d, %s", c.args, code, stderr.String())
		}
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
