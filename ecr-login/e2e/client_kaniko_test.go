//go:build e2e && linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// kanikoImage builds the image of the executor once. Its own image is built the same way, from
// nothing.
var kanikoImage = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp(privateDir, "kaniko")
	if err != nil {
		return err
	}
	program, err := exec.LookPath("kaniko")
	if err != nil {
		return err
	}
	e, err := theEngine()
	if err != nil {
		return err
	}
	dockerfile := "FROM scratch\nCOPY executor /kaniko/executor\nCOPY ca-certificates.crt /kaniko/ssl/certs/\n" +
		"ENV SSL_CERT_DIR=/kaniko/ssl/certs\nENTRYPOINT [\"/kaniko/executor\"]\n"
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o600); err != nil {
		return err
	}
	for name, path := range map[string]string{"executor": program, "ca-certificates.crt": "/etc/ssl/certs/ca-certificates.crt"} {
		if output, err := exec.Command("cp", path, filepath.Join(dir, name)).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w", output, err)
		}
	}
	build := exec.Command("docker", "build", "--tag", "kaniko", dir)
	build.Env = []string{"DOCKER_HOST=unix://" + e.socket, "DOCKER_BUILDKIT=0", "PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w", output, err)
	}
	return os.RemoveAll(dir)
})

// kanikoClient pushes the image that it builds and pulls its base image, in a container with the
// user's home.
func kanikoClient() client {
	return client{
		name: "kaniko", programs: []string{"docker", "dockerd", "kaniko"}, install: fromMore,
		version: builtVersion("kaniko"),
		without: map[string]string{"foreign-by-fallback": "its image has no shell for the fallback helper of the test"},
		prepare: func(u *user) {
			engineSettings(u)
			if err := kanikoImage(); err != nil {
				u.t.Fatal(err)
			}
		},
		push: func(u *user, ref string) result {
			return u.kaniko("FROM scratch\nCOPY Dockerfile /\nLABEL ref="+ref+"\n", "--destination", ref)
		},
		pull: func(u *user, ref string) result { return u.kaniko("FROM "+ref+"\n", "--no-push") },
	}
}

func (u *user) kaniko(dockerfile string, options ...string) result {
	dir := u.scratch()
	u.writeIn(dir, "Dockerfile", dockerfile)
	command := []string{"run", "--rm", "--network", "host", "--volume", u.home + ":" + u.home, "--volume", *helperPath + ":" + *helperPath + ":ro",
		"--env", "HOME=" + u.home, "--env", "DOCKER_CONFIG=" + u.env["DOCKER_CONFIG"], "--env", "PATH=" + u.path("bin"),
		"--env", "AWS_EC2_METADATA_DISABLED=true",
		"kaniko", "--context", "dir://" + dir}
	return u.run("", "docker", append(command, options...)...)
}
