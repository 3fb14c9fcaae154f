//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// The helper in a container, as in CI jobs and clusters: an arbitrary user id, a read-only root, no
// home, and the engine's default seccomp profile, which denies keyctl.

const containerUser = 12345

// containerImage builds an image that contains only the helper and the trust store.
func (u *user) containerImage(tag string) {
	u.t.Helper()
	u.write("image/Dockerfile", "FROM scratch\nCOPY helper /helper\nCOPY ca-certificates.crt /etc/ssl/certs/\nENTRYPOINT [\"/helper\"]\n")
	for name, path := range map[string]string{"helper": *helperPath, "ca-certificates.crt": "/etc/ssl/certs/ca-certificates.crt"} {
		content, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(u.path("image/"+name), content, 0o755)
		}
		if err != nil {
			u.t.Fatal(err)
		}
	}
	u.must("", "docker", "build", "--tag", tag, "image")
}

// runContainer runs the helper in a container, on the private machine's network, with an access
// key.
func (u *user) runContainer(tag string, who ecrtest.Credentials, options ...string) result {
	u.t.Helper()
	command := []string{"run", "--rm", "--interactive", "--network", "host", "--read-only", "--user", fmt.Sprintf("%d:%d", containerUser, containerUser)}
	for _, variable := range who.Env() {
		command = append(command, "--env", variable)
	}
	return u.run(devHost, "docker", append(append(command, options...), tag, "get")...)
}

func wantSilentAnswer(t *testing.T, r result) (password string) {
	t.Helper()
	var answer struct{ Username, Secret string }
	if err := json.Unmarshal([]byte(r.stdout), &answer); r.err != nil || err != nil || answer.Username != "AWS" {
		t.Fatalf("get in a container: not an answer (%v):\n%s", err, r.describe())
	}
	if r.stderr != "" {
		t.Errorf("standard error of get in a container:\n%s", r.stderr)
	}
	return answer.Secret
}

func TestContainerWithoutDirectories(t *testing.T) {
	u := dockerUser(t)
	u.containerImage("helper:nothing")
	wantSilentAnswer(t, u.runContainer("helper:nothing", u.aws.AddUser("container")))
	wantCalls(t, u.aws, getToken)
}

// TestContainerWithCacheDirectory checks that a writable directory is enough to keep a sealed token
// between runs.
func TestContainerWithCacheDirectory(t *testing.T) {
	u := dockerUser(t)
	u.containerImage("helper:cache")
	u.mkdir("cache")
	if err := os.Chown(u.path("cache"), containerUser, containerUser); err != nil {
		t.Fatal(err)
	}
	who := u.aws.AddUser("container")
	options := []string{"--volume", u.path("cache") + ":/cache", "--env", "AWS_ECR_CACHE_DIR=/cache"}
	first := wantSilentAnswer(t, u.runContainer("helper:cache", who, options...))
	second := wantSilentAnswer(t, u.runContainer("helper:cache", who, options...))
	if first != second {
		t.Error("the second run of the container got another token")
	}
	wantCalls(t, u.aws, getToken)
	u.wantNoSecret(first)
}

// TestContainerWithoutCredentials checks that the cause is on standard error too, which is the log
// of the container.
func TestContainerWithoutCredentials(t *testing.T) {
	u := dockerUser(t)
	u.containerImage("helper:poor")
	r := u.runContainer("helper:poor", ecrtest.Credentials{}, "--env", "AWS_EC2_METADATA_DISABLED=true")
	if r.err == nil || !strings.Contains(r.stdout, "no AWS credentials") || !strings.Contains(r.stderr, "hint:") {
		t.Errorf("want the cause on standard output and a hint on standard error:\n%s", r.describe())
	}
	wantCalls(t, u.aws)
}
