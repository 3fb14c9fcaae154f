package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const gitlabTemplate = "../gitlab/ecr-login.yml"

// A job is a job of GitLab.
type job struct {
	IDTokens     map[string]struct{ Aud string } `yaml:"id_tokens"`
	Variables    map[string]string
	BeforeScript []string `yaml:"before_script"`
}

func readTemplate(t *testing.T) job {
	t.Helper()
	var jobs map[string]job
	if err := yaml.Unmarshal(read(t, gitlabTemplate), &jobs); err != nil {
		t.Fatal(err)
	}
	j, ok := jobs[".ecr-login"]
	if !ok || len(jobs) != 1 || len(j.IDTokens) != 1 || len(j.BeforeScript) == 0 {
		t.Fatalf("the template has the jobs %v", jobs)
	}
	return j
}

// runJob runs the job as a runner does: its lines are one script for the shell.
func (r *runner) runJob(shell []string, script string) (string, error) {
	r.t.Helper()
	j := readTemplate(r.t)
	env := []string{"ECR_REGISTRIES=" + testRegistry + " 111122223333.dkr.ecr.eu-west-1.amazonaws.com"}
	for name, value := range j.Variables {
		env = append(env, name+"="+value)
	}
	// The ID token of the job is the token that ecrtest's environment has in a file.
	begin := "set -e\nunset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY\n"
	if r.source == "web-identity" {
		for name := range j.IDTokens {
			begin += "export " + name + "=\"$(cat \"$AWS_WEB_IDENTITY_TOKEN_FILE\")\"\nunset AWS_WEB_IDENTITY_TOKEN_FILE\n"
		}
	}
	return r.run(env, append(shell, "-c", begin+strings.Join(append(j.BeforeScript, script), "\n"))...)
}

// The shells are those of Debian's and Alpine's images. Alpine's has neither curl nor bash.
func TestGitLabTemplate(t *testing.T) {
	alpine := t.TempDir()
	command(t, "busybox", "--install", "-s", alpine)
	for name, c := range map[string]struct{ path, shell string }{
		"dash":    {"", "dash"},
		"bash":    {"", "bash"},
		"busybox": {alpine, "sh"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRunner(t)
			r.source = "web-identity"
			r.env = []string{"ECR_LOGIN_RELEASES=" + releaseServer(t, nil)}
			if c.path != "" {
				r.path = c.path
			}
			out, err := r.runJob([]string{c.shell}, getCommand+"\ncat \"$DOCKER_CONFIG/config.json\"")
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range []string{`"Username":"AWS"`, `"` + testRegistry + `": "ecr-login"`, testVersion} {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if left := r.read("home/.docker/config.json"); left != "" {
				t.Errorf("the configuration of the runner's user was changed: %s", left)
			}
		})
	}
}

// An image with the program needs no download.
func TestGitLabTemplateWithProgram(t *testing.T) {
	r := newRunner(t)
	r.source = "web-identity"
	r.env = []string{"ECR_LOGIN_RELEASES=http://127.0.0.1:1"}
	command(t, "tar", "-xzf", filepath.Join(testDist, "ecr-login_"+testVersion+"_linux_amd64.tar.gz"), "-C", r.dir, "--strip-components", "1")
	r.path = filepath.Join(r.dir, "bin") + ":" + r.path
	if out, err := r.runJob([]string{"sh"}, getCommand); err != nil || !strings.Contains(out, `"Username":"AWS"`) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestGitLabTemplateFails(t *testing.T) {
	archive := "ecr-login_" + testVersion + "_linux_amd64.tar.gz"
	for want, changed := range map[string]string{"does not have the checksum": archive, "has no archive for": checksums} {
		r := newRunner(t)
		r.env = []string{"ECR_LOGIN_RELEASES=" + releaseServer(t, map[string]string{changed: "x"})}
		if out, err := r.runJob([]string{"sh"}, "echo the job goes on"); err == nil || !strings.Contains(out, want) || strings.Contains(out, "goes on") {
			t.Errorf("%v, want %q in\n%s", err, want, out)
		}
	}
}

// Both CI systems install the program in the same way. GitLab can include only one file, so its
// template has a copy.
func TestInstallationIsTheSame(t *testing.T) {
	script := string(read(t, actionDirectory+"/install.sh"))
	begin := strings.Index(script, "# download URL FILE")
	end := strings.LastIndex(script[:strings.Index(script, "read -r -d")], "}\n") + 2
	if begin < 0 || end < begin || readTemplate(t).BeforeScript[0] != script[begin:end] {
		t.Errorf("the first part of before_script is not\n%s", script[begin:end])
	}
}

// shellcheck reads the template's lines.
func TestGitLabTemplateIsClean(t *testing.T) {
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(strings.Join(readTemplate(t).BeforeScript, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("shellcheck", "--shell", "sh", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
