//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Clients that work through the run's engine: docker, its builder buildx, and ctr at the engine's containerd.

func engineSettings(u *user) {
	u.t.Helper()
	e := needEngine(u.t)
	u.env["DOCKER_HOST"] = "unix://" + e.socket
	// The classic builder: it is the one that gathers all credentials beforehand.
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
		setup:   dockerConfigSetup,
		push: func(u *user, ref string) result {
			return u.steps(
				[]string{"docker", "load", "--input", u.archive(ref)},
				[]string{"docker", "push", ref},
				[]string{"docker", "image", "rm", ref})
		},
		pull: func(u *user, ref string) result { return u.run("", "docker", "pull", ref) },
	}
}

// buildx pushes what it has built and pulls what it builds upon. Its builder is the engine's own.
func buildxClient() client {
	return client{
		name: "buildx", programs: []string{"docker", "dockerd", "buildx"}, install: fromGo,
		version: builtAs("buildx"),
		setup:   dockerConfigSetup + " BuildKit keeps an answer for minutes, per host.",
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

// ctr knows no helpers and no config.json: whoever uses it asks the helper and passes the answer on.
func ctrClient() client {
	return client{
		name: "ctr", programs: []string{"ctr", "dockerd"}, install: fromDebian + "containerd",
		version: saidBy("ctr", "--version"),
		setup: "No configuration: `ctr images pull --user \"AWS:$(echo HOST | docker-credential-ecr-login get | jq -r .Secret)\" HOST/NAME:TAG`.\n" +
			"  containerd's CRI plug-in takes its credentials from the kubelet. nerdctl reads Docker's `config.json`.",
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

// ctr asks the helper that config.json names for the host, if one, and then does something with its answer.
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
