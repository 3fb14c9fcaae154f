package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

const testRegistry = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

// releaseServer serves the files of the release as GitHub does, with changed ones in place of those
// in changed.
func releaseServer(t *testing.T, changed map[string]string) (url string) {
	t.Helper()
	files := http.FileServer(http.Dir(testDist))
	mux := http.NewServeMux()
	for _, prefix := range []string{"/releases/latest/download/", "/releases/download/" + testVersion + "/"} {
		mux.Handle(prefix, http.StripPrefix(prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if text, ok := changed[r.URL.Path]; ok {
				fmt.Fprint(w, text)
				return
			}
			r.URL.Path = "/" + r.URL.Path
			files.ServeHTTP(w, r)
		})))
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/releases"
}

// ecrtestProgram is the command that plays AWS.
var ecrtestProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp(filepath.Dir(testDist), "ecrtest")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "ecrtest")
	cmd := exec.Command("go", "build", "-trimpath", "-o", program, "./ecr-login/ecrtest/cmd/ecrtest")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return program, nil
})

// A runner is the machine of one CI job.
type runner struct {
	t      *testing.T
	dir    string
	path   string
	source string // of the AWS credentials
	env    []string
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	r := &runner{t: t, dir: t.TempDir(), path: "/usr/bin:/bin:/usr/sbin", source: "environment"}
	for _, dir := range []string{"home", "temp"} {
		if err := os.Mkdir(filepath.Join(r.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// run runs a script with an AWS account.
func (r *runner) run(env []string, command ...string) (output string, err error) {
	r.t.Helper()
	program, err := ecrtestProgram()
	if err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{"-proxy", "-source", r.source}, command...)...)
	cmd.Dir = r.dir
	cmd.Env = append([]string{"PATH=" + r.path, "HOME=" + filepath.Join(r.dir, "home"), "TMPDIR=" + filepath.Join(r.dir, "temp")}, append(r.env, env...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// read returns a file of the job, or "" if it does not exist.
func (r *runner) read(name string) string {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	return string(data)
}

// An action is the content of action.yml.
type action struct {
	Name, Description string

	Inputs map[string]struct {
		Description string
		Required    bool
		Default     string
	}
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, Shell, Run string
			Env            map[string]string
		}
	}
}

const actionDirectory = "../github-action"

func readAction(t *testing.T) (a action) {
	t.Helper()
	d := yaml.NewDecoder(bytes.NewReader(read(t, actionDirectory+"/action.yml")))
	d.KnownFields(true)
	if err := d.Decode(&a); err != nil {
		t.Fatal(err)
	}
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 1 {
		t.Fatalf("action.yml: %+v", a.Runs)
	}
	return a
}

var expression = regexp.MustCompile(`\$\{\{ *(.*?) *\}\}`)

// runAction runs the step of the action as the runner does.
func (r *runner) runAction(with map[string]string, env ...string) (output string, err error) {
	r.t.Helper()
	a := readAction(r.t)
	step := a.Runs.Steps[0]
	directory, err := filepath.Abs(actionDirectory)
	if err != nil {
		r.t.Fatal(err)
	}
	env = append(env, "GITHUB_ACTION_PATH="+directory, "RUNNER_TEMP="+filepath.Join(r.dir, "temp"),
		"GITHUB_PATH="+filepath.Join(r.dir, "path"), "GITHUB_ENV="+filepath.Join(r.dir, "env"), "GITHUB_OUTPUT="+filepath.Join(r.dir, "output"))
	for name, value := range step.Env {
		env = append(env, name+"="+expression.ReplaceAllStringFunc(value, func(e string) string {
			input := strings.TrimPrefix(expression.FindStringSubmatch(e)[1], "inputs.")
			if value, ok := with[input]; ok {
				return value
			}
			return a.Inputs[input].Default
		}))
	}
	return r.run(env, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
}

// next runs a command in a later step of the job.
func (r *runner) next(command string) string {
	r.t.Helper()
	env := strings.Split(strings.TrimSpace(r.read("env")), "\n")
	path := strings.ReplaceAll(strings.TrimSpace(r.read("path")), "\n", ":") + ":" + r.path
	out, err := r.run(append(env, "PATH="+path), "bash", "-eo", "pipefail", "-c", command)
	if err != nil {
		r.t.Errorf("%s in the next step: %v\n%s", command, err, out)
	}
	return out
}

const getCommand = "echo " + testRegistry + " | docker-credential-ecr-login get"

func TestAction(t *testing.T) {
	for _, with := range []map[string]string{
		{"registries": testRegistry},
		{"registries": "\n  https://" + testRegistry + "/team/app\n  111122223333.dkr.ecr.eu-west-1.amazonaws.com\n", "version": testVersion},
		{"registries": testRegistry, "version": strings.TrimPrefix(testVersion, "v")},
	} {
		r := newRunner(t)
		r.env = []string{"ECR_LOGIN_RELEASES=" + releaseServer(t, nil)}
		out, err := r.runAction(with)
		if err != nil || !strings.Contains(out, testVersion) {
			t.Fatalf("%v: %v\n%s", with, err, out)
		}
		if got := r.read("output"); got != "registry="+testRegistry+"\n" {
			t.Errorf("%v: the output is %q", with, got)
		}
		for host := range strings.FieldsSeq(with["registries"]) {
			host = strings.TrimSuffix(strings.TrimPrefix(host, "https://"), "/team/app")
			if config := r.read("home/.docker/config.json"); !strings.Contains(config, `"`+host+`": "ecr-login"`) {
				t.Errorf("%v: config.json is %s", with, config)
			}
		}
		if out := r.next(getCommand); !strings.Contains(out, `"Username":"AWS"`) {
			t.Errorf("%v: %s", with, out)
		}
		r.next("ecr-login version")
	}
}

// Every failure says what failed, and changes nothing for the later steps.
func TestActionFails(t *testing.T) {
	archive := "ecr-login_" + testVersion + "_linux_amd64.tar.gz"
	for _, c := range []struct {
		name    string
		with    map[string]string
		changed map[string]string
		want    string
	}{
		{"no registries", map[string]string{"registries": " \n"}, nil, "the input registries is empty"},
		{"unknown version", map[string]string{"registries": testRegistry, "version": "v9.9.9"}, nil, "cannot download http"},
		{"changed archive", map[string]string{"registries": testRegistry}, map[string]string{archive: "x"}, archive + " does not have the checksum"},
		{"no archive for the machine", map[string]string{"registries": testRegistry}, map[string]string{checksums: "00  other_windows_amd64.zip\n"}, "has no archive for linux_amd64%0A"},
		{"a flag in place of a registry", map[string]string{"registries": "--yes"}, nil, "--yes"},
		{"not a registry", map[string]string{"registries": "123456789012"}, nil, "123456789012"},
	} {
		r := newRunner(t)
		r.env = []string{"ECR_LOGIN_RELEASES=" + releaseServer(t, c.changed)}
		out, err := r.runAction(c.with)
		if err == nil || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v, want %q in\n%s", c.name, err, c.want, out)
		}
		if r.read("output") != "" || r.read("home/.docker/config.json") != "" {
			t.Errorf("%s: output %q, config.json %q", c.name, r.read("output"), r.read("home/.docker/config.json"))
		}
	}
}

// The profile becomes part of the helper's name.
func TestActionWithProfile(t *testing.T) {
	r := newRunner(t)
	r.source = "file"
	r.env = []string{"ECR_LOGIN_RELEASES=" + releaseServer(t, nil)}
	out, err := r.runAction(map[string]string{"registries": testRegistry, "profile": "file"})
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out := r.next("echo " + testRegistry + " | docker-credential-ecr-login-file get"); !strings.Contains(out, `"Username":"AWS"`) {
		t.Error(out)
	}
}

// The runner's own configuration lives longer than the program, and must not name it.
func TestActionOnSelfHostedRunner(t *testing.T) {
	r := newRunner(t)
	r.env = []string{"ECR_LOGIN_RELEASES=" + releaseServer(t, nil)}
	const own = `{"auths":{"registry.example.com":{"auth":"YTpi"}}}`
	file := filepath.Join(r.dir, "home/.docker/config.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := r.runAction(map[string]string{"registries": testRegistry}, "RUNNER_ENVIRONMENT=self-hosted"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// A later step uses the action for another registry.
	const other = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
	env := append(strings.Fields(r.read("env")), "RUNNER_ENVIRONMENT=self-hosted")
	if out, err := r.runAction(map[string]string{"registries": other}, env...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := r.read("home/.docker/config.json"); got != own {
		t.Errorf("the runner's config.json was changed to %s", got)
	}
	if got := r.read("home/.local/state/ecr-login/configured.json"); got != "" {
		t.Errorf("the runner's record of changes is %s", got)
	}
	out := r.next(`cat "$DOCKER_CONFIG/config.json"`)
	for _, want := range []string{testRegistry, other, "registry.example.com"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in the job's config.json:\n%s", want, out)
		}
	}
	r.next("docker-credential-ecr-login unconfigure " + testRegistry + " " + other)
	if out := r.next(`cat "$DOCKER_CONFIG/config.json"`); strings.TrimSpace(out) != own {
		t.Errorf("after unconfigure, config.json is %s", out)
	}
}

// GitHub runs "container:" jobs as root, with a HOME of another user. The job has a login of an
// earlier step, and uses the action twice.
func TestActionInContainer(t *testing.T) {
	const other = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
	directory, err := filepath.Abs(actionDirectory)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, env, config, want string }{
		{"login of an earlier step", "OTHER=", "/root/.docker", "registry.example.com"},
		{"DOCKER_CONFIG of the workflow", "DOCKER_CONFIG=/root/own", "/root/own", ""},
		{"self-hosted", "RUNNER_ENVIRONMENT=self-hosted", "/root/.docker", "registry.example.com"},
	} {
		r := newRunner(t)
		r.env = []string{"ECR_LOGIN_RELEASES=" + releaseServer(t, nil)}
		if err := os.Chown(filepath.Join(r.dir, "home"), 65534, 65534); err != nil {
			t.Fatal(err)
		}
		step := readAction(t).Runs.Steps[0].Run
		script := `mount -t tmpfs tmpfs /root
mkdir /root/own "$HOME/.docker"
echo '{"auths":{"registry.example.com":{"auth":"YTpi"}}}' >"$HOME/.docker/config.json"
` + step + `
set -a; touch "$GITHUB_ENV"; . "$GITHUB_ENV"; set +a
REGISTRIES=` + other + " " + step + `
cat "$DOCKER_CONFIG/config.json"
PATH="$(head -n 1 "$GITHUB_PATH"):$PATH"
docker-credential-ecr-login unconfigure ` + testRegistry + `
echo "DOCKER_CONFIG is $DOCKER_CONFIG"
`
		out, err := r.run([]string{c.env, "GITHUB_ACTION_PATH=" + directory, "RUNNER_TEMP=" + filepath.Join(r.dir, "temp"), "VERSION=latest", "PROFILE=", "REGISTRIES=" + testRegistry,
			"GITHUB_PATH=" + filepath.Join(r.dir, "path"), "GITHUB_ENV=" + filepath.Join(r.dir, "env"), "GITHUB_OUTPUT=" + filepath.Join(r.dir, "output")},
			"unshare", "--mount", "--propagation", "private", "bash", "-e", "-c", script)
		if err != nil {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
		out = strings.ReplaceAll(out, `": "`, `":"`)
		for _, want := range []string{`"` + testRegistry + `":"ecr-login"`, `"` + other + `":"ecr-login"`, c.want, "DOCKER_CONFIG is " + c.config + "\n"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, out)
			}
		}
	}
}

// Every input is used, every expression names an input or an output of a step, and every input and
// output has a description.
func TestActionMetadata(t *testing.T) {
	a := readAction(t)
	step := a.Runs.Steps[0]
	used := map[string]bool{}
	for _, value := range step.Env {
		for _, m := range expression.FindAllStringSubmatch(value, -1) {
			name, ok := strings.CutPrefix(m[1], "inputs.")
			if _, exists := a.Inputs[name]; !ok || !exists {
				t.Errorf("env of the step: %q is not an input", m[1])
			}
			used[name] = true
		}
	}
	if expression.MatchString(step.Run) {
		t.Errorf("run contains an expression, which could run text of an input: %s", step.Run)
	}
	for name, input := range a.Inputs {
		if !used[name] || input.Description == "" || input.Required == (input.Default != "") && name != "profile" {
			t.Errorf("input %s: %+v, used: %v", name, input, used[name])
		}
	}
	script := string(read(t, actionDirectory+"/install.sh"))
	for name, output := range a.Outputs {
		m := expression.FindStringSubmatch(output.Value)
		if m == nil || m[1] != "steps."+step.ID+".outputs."+name || output.Description == "" || !strings.Contains(script, `echo "`+name+`=`) {
			t.Errorf("output %s: %+v", name, output)
		}
	}
	for name := range step.Env {
		if !strings.Contains(script, "$"+name) && !strings.Contains(script, "${"+name) {
			t.Errorf("install.sh does not use %s", name)
		}
	}
}
