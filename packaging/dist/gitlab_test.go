package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	AfterScript  []string `yaml:"after_script"`
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

// runJob runs the job as a runner does: its lines are one script for the shell, those of
// after_script another one. The variables of the job replace those of the project, r.env.
func (r *runner) runJob(shell []string, script string) (string, error) {
	r.t.Helper()
	j := readTemplate(r.t)
	env := []string{"CI_JOB_ID=7"}
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
	out, err := r.run(env, append(shell, "-c", begin+strings.Join(append(j.BeforeScript, script), "\n"))...)
	if after, err := r.run(env, append(shell, "-c", strings.Join(j.AfterScript, "\n"))...); err != nil {
		r.t.Errorf("after_script: %v\n%s", err, after)
	}
	if left, err := filepath.Glob(filepath.Join(r.dir, "temp", "*")); err != nil || len(left) > 0 {
		r.t.Errorf("the job leaves %v, %v", left, err)
	}
	return out, err
}

const gitlabRegistries = "ECR_REGISTRIES=" + testRegistry + " 111122223333.dkr.ecr.eu-west-1.amazonaws.com"

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
			r.env = []string{gitlabRegistries, "ECR_LOGIN_RELEASES=" + releaseServer(t, nil)}
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
	r.env = []string{gitlabRegistries, "ECR_LOGIN_RELEASES=http://127.0.0.1:1"}
	command(t, "tar", "-xzf", filepath.Join(testDist, "ecr-login_"+testVersion+"_linux_amd64.tar.gz"), "-C", r.dir, "--strip-components", "1")
	r.path = filepath.Join(r.dir, "bin") + ":" + r.path
	if out, err := r.runJob([]string{"sh"}, getCommand); err != nil || !strings.Contains(out, `"Username":"AWS"`) {
		t.Errorf("%v\n%s", err, out)
	}
}

// The shell of the job keeps its own variables and functions.
func TestGitLabTemplateKeepsVariables(t *testing.T) {
	assigned := map[string]bool{}
	for _, m := range regexp.MustCompile(`\b([a-z_]+)=`).FindAllStringSubmatch(strings.Join(readTemplate(t).BeforeScript, "\n"), -1) {
		assigned[m[1]] = true
	}
	script := "if command -v download || command -v install_ecr_login; then exit 1; fi\n"
	for name := range assigned {
		if name != "ecr_login" {
			script += "[ \"$" + name + "\" = mine ] || { echo the template changes " + name + "; exit 1; }\n"
		}
	}
	for _, shell := range []string{"dash", "bash"} {
		r := newRunner(t)
		r.env = []string{gitlabRegistries, "ECR_LOGIN_RELEASES=" + releaseServer(t, nil)}
		for name := range assigned {
			r.env = append(r.env, name+"=mine")
		}
		if out, err := r.runJob([]string{shell}, script); err != nil || len(assigned) < 5 {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
}

// The variables of the project and the pipeline select the release.
func TestGitLabTemplateVersion(t *testing.T) {
	r := newRunner(t)
	r.env = []string{gitlabRegistries, "ECR_LOGIN_VERSION=v9.9.9", "ECR_LOGIN_RELEASES=" + releaseServer(t, nil)}
	if out, err := r.runJob([]string{"sh"}, "echo the job goes on"); err == nil || !strings.Contains(out, "/download/v9.9.9/checksums.txt") || strings.Contains(out, "goes on") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestGitLabTemplateWithoutRegistries(t *testing.T) {
	for _, shell := range []string{"dash", "bash"} {
		r := newRunner(t)
		r.env = []string{"ECR_REGISTRIES=", "ECR_LOGIN_RELEASES=http://127.0.0.1:1"}
		if out, err := r.runJob([]string{shell}, "echo the job goes on"); err == nil || !strings.Contains(out, "ECR_REGISTRIES: set it to") || strings.Contains(out, "goes on") {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
}

func TestGitLabTemplateFails(t *testing.T) {
	archive := "ecr-login_" + testVersion + "_linux_amd64.tar.gz"
	for want, changed := range map[string]string{"does not have the checksum": archive, "has no archive for": checksums} {
		r := newRunner(t)
		r.env = []string{gitlabRegistries, "ECR_LOGIN_RELEASES=" + releaseServer(t, map[string]string{changed: "x"})}
		if out, err := r.runJob([]string{"sh"}, "echo the job goes on"); err == nil || !strings.Contains(out, want) || strings.Contains(out, "goes on") {
			t.Errorf("%v, want %q in\n%s", err, want, out)
		}
	}
}

// Both CI systems install the program in the same way. GitLab can include only one file, so its
// template has a copy.
func TestInstallationIsTheSame(t *testing.T) {
	script := string(read(t, actionDirectory+"/install.sh"))
	begin := strings.Index(script, "# install_ecr_login VERSION")
	end := strings.LastIndex(script[:strings.Index(script, "read -r -d")], "\n)\n") + 3
	if begin < 0 || end < begin || readTemplate(t).BeforeScript[0] != script[begin:end] {
		t.Errorf("the first part of before_script is not\n%s", script[begin:end])
	}
}

// A download from a server that does not respond must not use the whole time of the job.
func TestDownloadsHaveLimits(t *testing.T) {
	script := string(read(t, actionDirectory+"/install.sh"))
	for _, want := range []string{"curl -fsSL --retry 3 --connect-timeout 20 --max-time 300 ", "timeout 300 wget -q "} {
		command := regexp.MustCompile(`(curl|wget) -`).FindString(want)
		if strings.Count(script, command) != 1 || !strings.Contains(script, want) {
			t.Errorf("install.sh has no %q, or another %q", want, command)
		}
	}
}

// shellcheck reads the template's lines.
func TestGitLabTemplateIsClean(t *testing.T) {
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(strings.Join(append(readTemplate(t).BeforeScript, readTemplate(t).AfterScript...), "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("shellcheck", "--shell", "sh", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
