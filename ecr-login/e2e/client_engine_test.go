//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Clients of the run's engine: docker, its builder buildx, and ctr with the engine's containerd.

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

// ctrClient has no credential helpers and no config.json: its user calls the helper and passes the
// password on.
func ctrClient() client {
	return client{
		name: "ctr", programs: []string{"ctr", "dockerd"}, install: fromDebian + "containerd",
		version: printedVersion("ctr", "--version"),
		push: func(u *user, ref string) result {
			return u.ctr(ref, func(ctr, login []string) result {
				return u.steps(
					append(ctr, "import", u.archive(ref)),
					append(append(append(ctr, "push"), login...), ref),
					append(ctr, "rm", ref))
			})
		},
		pull: func(u *user, ref string) result {
			return u.ctr(ref, func(ctr, login []string) result {
				return u.steps(append(append(append(ctr, "pull", "--snapshotter", "native"), login...), ref))
			})
		},
	}
}

// ctr calls the helper that config.json names for the host, if any, and runs do with its answer.
func (u *user) ctr(ref string, do func(ctr, login []string) result) result {
	e := needEngine(u.t)
	ctr := []string{"ctr", "--address", filepath.Join(filepath.Dir(e.socket), "exec/containerd/containerd.sock"), "--namespace", "e2e", "images"}
	ctr = ctr[:len(ctr):len(ctr)] // each step appends to a copy
	host, _, _ := splitRef(ref)
	var config dockerConfig
	if err := json.Unmarshal([]byte(u.read(".docker/config.json")), &config); err != nil {
		u.t.Fatal(err)
	}
	helper := config.CredHelpers[host]
	if helper == "" {
		helper = config.CredsStore
	}
	if helper == "" {
		return do(ctr, nil)
	}
	r := u.run(host, "docker-credential-"+helper, "get")
	if strings.TrimSpace(r.stdout) == "credentials not found in native keychain" {
		return do(ctr, nil)
	}
	if r.err != nil {
		return r
	}
	var answer struct{ Username, Secret string }
	if err := json.Unmarshal([]byte(r.stdout), &answer); err != nil {
		r.err = fmt.Errorf("the answer is not JSON: %w", err)
		return r
	}
	return do(ctr, []string{"--user", answer.Username + ":" + answer.Secret})
}
