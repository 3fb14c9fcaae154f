//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
)

// Clients of the run's engine: docker and its builder buildx.

func engineSettings(u *user) {
	u.t.Helper()
	e := needEngine(u.t)
	u.env["DOCKER_HOST"] = "unix://" + e.socket
	// Use the classic builder, because it collects all credentials before it starts.
	u.env["DOCKER_BUILDKIT"] = "0"
}

func dockerClient() client {
	return client{
		name: "docker", programs: []string{"docker", "dockerd"}, install: fromDebian + "docker.io",
		version: func(u *user) string {
			r := u.must("", "docker", "version", "--format", "{{.Client.Version}}, engine {{.Server.Version}}")
			return strings.TrimSpace(r.stdout)
		},
		prepare: engineSettings,
		push: func(u *user, ref string) result {
			return u.steps(
				[]string{"docker", "load", "--input", u.archive(ref)},
				[]string{"docker", "push", ref},
				[]string{"docker", "image", "rm", ref})
		},
		pull: func(u *user, ref string) result { return u.run("", "docker", "pull", ref) },
	}
}

// buildxClient pushes the image that it builds and pulls its base image. Its builder is the
// engine's own.
func buildxClient() client {
	return client{
		name: "buildx", programs: []string{"docker", "dockerd", "buildx"}, install: fromGo,
		version: builtVersion("buildx"),
		prepare: func(u *user) {
			engineSettings(u)
			u.mkdir(".docker/cli-plugins")
			if err := os.Symlink(filepath.Join(*clientsPath, "buildx"), u.path(".docker/cli-plugins/docker-buildx")); err != nil {
				u.t.Fatal(err)
			}
		},
		push: func(u *user, ref string) result {
			return u.buildx("FROM scratch\nCOPY Dockerfile /\nLABEL ref="+ref+"\n", "--push", "--tag", ref)
		},
		pull: func(u *user, ref string) result {
			return u.buildx("FROM "+ref+"\n", "--pull", "--no-cache", "--output", "type=local,dest="+u.scratch())
		},
	}
}

func (u *user) buildx(dockerfile string, options ...string) result {
	dir := u.scratch()
	u.writeIn(dir, "Dockerfile", dockerfile)
	return u.run("", "docker", append(append([]string{"buildx", "build", "--progress", "plain"}, options...), dir)...)
}
