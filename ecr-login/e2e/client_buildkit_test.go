//go:build e2e && linux

package e2e

import (
	"os/exec"
	"path/filepath"
	"sync"
)

// theBuildkit starts buildkitd at the first test that needs it.
var theBuildkit = sync.OnceValues(startBuildkit)

func startBuildkit() (address string, err error) {
	dir := filepath.Join(privateDir, "buildkit")
	address = "unix://" + filepath.Join(dir, "buildkitd.sock")
	ready := func() error { return exec.Command("buildctl", "--addr", address, "debug", "workers").Run() }
	return address, startDaemon(dir, ready, "buildkitd", "--addr", address, "--root", filepath.Join(dir, "data"),
		"--containerd-worker=false", "--oci-worker-snapshotter=native", "--oci-worker-net=host")
}

// buildctlClient pushes the image that it builds and pulls its base image.
func buildctlClient() client {
	return client{
		name: "buildctl", programs: []string{"buildctl", "buildkitd", "runc"}, install: fromMore,
		version: builtVersion("buildctl"),
		prepare: func(u *user) {
			address, err := theBuildkit()
			if err != nil {
				u.t.Fatal(err)
			}
			u.env["BUILDKIT_HOST"] = address
		},
		push: func(u *user, ref string) result {
			return u.buildctl("FROM scratch\nCOPY Dockerfile /\nLABEL ref="+ref+"\n", "type=image,push=true,name="+ref)
		},
		pull: func(u *user, ref string) result {
			return u.buildctl("FROM "+ref+"\n", "type=local,dest="+u.scratch())
		},
	}
}

func (u *user) buildctl(dockerfile, output string) result {
	dir := u.scratch()
	u.writeIn(dir, "Dockerfile", dockerfile)
	return u.run("", "buildctl", "build", "--progress", "plain", "--no-cache", "--frontend", "dockerfile.v0",
		"--opt", "image-resolve-mode=pull", "--local", "context="+dir, "--local", "dockerfile="+dir, "--output", output)
}
