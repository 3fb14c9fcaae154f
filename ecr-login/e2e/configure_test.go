//go:build e2e && linux

package e2e

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"
)

// stale is a config.json with the expired token of an old docker login.
func (u *user) stale(host string) string {
	auth := base64.StdEncoding.EncodeToString([]byte("AWS:a-token-that-has-ended"))
	return "{\n\t\"auths\": {\n\t\t\"" + host + "\": {\n\t\t\t\"auth\": \"" + auth + "\"\n\t\t}\n\t}\n}"
}

// TestConfigureForDocker starts with an expired login, configures, pushes and pulls, logs in
// elsewhere, and unconfigures.
func TestConfigureForDocker(t *testing.T) {
	u := dockerUser(t)
	u.signIn("default", devAccount)
	u.write(".docker/config.json", u.stale(devHost))
	tag := devHost + "/configured:1"
	id := u.build(tag, "scratch")
	u.mustFail("", "docker", "push", tag)

	// configure finds the registry in the engine's images.
	r := u.must("", "docker-credential-ecr-login", "configure", "--yes")
	for _, want := range []string{"images of docker", "password removed"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q:\n%s", want, r.describe())
		}
	}
	u.must("", "docker", "push", tag)
	u.forget(tag)
	u.pull(tag, id)
	u.forget(tag)

	u.must(foreignPassword, "docker", "login", "--username", foreignUser, "--password-stdin", closedHost)
	u.must("", "docker-credential-ecr-login", "unconfigure")
	if text := u.read(".docker/config.json"); !strings.Contains(text, closedHost) || strings.Contains(text, helperName) {
		t.Errorf("after unconfigure, with a docker login in between:\n%s", text)
	}
	u.mustFail("", "docker", "pull", tag)
}

// TestConfigureForPodman checks that the entry is in podman's lasting file: the file of podman
// login ends with the session.
func TestConfigureForPodman(t *testing.T) {
	needProgram(t, "podman", fromDebian+"podman")
	u := newUser(t)
	containersSettings(u)
	u.signIn("default", devAccount)
	delete(u.env, "DOCKER_CONFIG")
	u.env["XDG_RUNTIME_DIR"] = u.path("session")
	u.write("session/containers/auth.json", u.stale(devHost))
	tag := devHost + "/configured-podman:1"
	u.must("", "podman", "load", "--input", u.archive(tag))
	u.mustFail("", "podman", "push", tag)

	r := u.must("", "docker-credential-ecr-login", "configure", "--podman", "--yes")
	for _, want := range []string{"images of podman", "password removed"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q:\n%s", want, r.describe())
		}
	}
	u.must("", "podman", "push", tag)
	for _, gone := range []string{"session/containers", ".docker"} {
		if err := os.RemoveAll(u.path(gone)); err != nil {
			t.Fatal(err)
		}
	}
	u.must("", "podman", "rmi", tag)
	u.must("", "podman", "pull", tag)

	u.must("", "docker-credential-ecr-login", "unconfigure", "--podman")
	u.must("", "podman", "rmi", tag)
	u.mustFail("", "podman", "pull", tag)
}
