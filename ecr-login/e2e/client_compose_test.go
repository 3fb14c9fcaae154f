//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
)

// Clients of the run's engine that read config.json without the docker command: Compose in both
// versions, and the library docker for Python.

// compose runs Compose with a file of one service.
func (u *user) compose(command []string, ref string, args ...string) result {
	dir := u.scratch()
	// Compose pushes only images of services that it could build.
	u.writeIn(dir, "compose.yaml", "services:\n  app:\n    image: "+ref+"\n    build: .\n")
	return u.steps(append(append(command, "-f", filepath.Join(dir, "compose.yaml")), args...))
}

func composeWith(c client, command ...string) client {
	command = command[:len(command):len(command)]
	c.push = func(u *user, ref string) result {
		if r := u.run("", "docker", "load", "--input", u.archive(ref)); r.err != nil {
			return r
		}
		if r := u.compose(command, ref, "push"); r.err != nil {
			return r
		}
		return u.run("", "docker", "image", "rm", ref)
	}
	c.pull = func(u *user, ref string) result { return u.compose(command, ref, "pull", "app") }
	return c
}

func composeClient() client {
	return composeWith(client{
		name: "compose", programs: []string{"docker", "dockerd", "compose"}, install: fromGo,
		version: builtVersion("compose"),
		prepare: func(u *user) {
			engineSettings(u)
			u.mkdir(".docker/cli-plugins")
			if err := os.Symlink(filepath.Join(*clientsPath, "compose"), u.path(".docker/cli-plugins/docker-compose")); err != nil {
				u.t.Fatal(err)
			}
		},
	}, "docker", "compose")
}

func composeV1Client() client {
	const program = "/usr/bin/docker-compose"
	return composeWith(client{
		name: "docker-compose-v1", programs: []string{"docker", "dockerd", program}, install: fromDebian + "docker-compose",
		version: func(u *user) string { return strings.TrimSpace(u.must("", program, "version", "--short").stdout) },
		prepare: engineSettings,
	}, program)
}

// dockerPyClient is the library as Debian's package python3-docker installs it.
func dockerPyClient() client {
	const python = "/usr/bin/python3"
	const script = `
import sys, docker
operation, ref = sys.argv[1:]
client = docker.from_env()
if operation == "push":
    for line in client.images.push(ref, stream=True, decode=True):
        if "error" in line:
            sys.exit(line["error"])
else:
    client.images.pull(ref)
`
	run := func(u *user, operation, ref string) result {
		return u.run("", python, "-c", script, operation, ref)
	}
	return client{
		name: "docker-py", programs: []string{"docker", "dockerd", python}, install: fromDebian + "python3-docker",
		version: func(u *user) string {
			return strings.TrimSpace(u.must("", python, "-c", "import docker; print(docker.__version__)").stdout)
		},
		prepare: engineSettings,
		push: func(u *user, ref string) result {
			if r := u.run("", "docker", "load", "--input", u.archive(ref)); r.err != nil {
				return r
			}
			if r := run(u, "push", ref); r.err != nil {
				return r
			}
			return u.run("", "docker", "image", "rm", ref)
		},
		pull: func(u *user, ref string) result { return run(u, "pull", ref) },
	}
}
