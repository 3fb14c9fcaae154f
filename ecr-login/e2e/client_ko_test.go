//go:build e2e && linux

package e2e

import "path/filepath"

// baseRef is an image in the foreign registry that needs no credentials, for clients that need a
// base image.
const baseRef = openHost + "/base:1.0.0"

// koClient pushes a Go program that it builds and pulls its base image.
func koClient() client {
	return client{
		name: "ko", programs: []string{"ko", "go"}, install: fromGo,
		version:   builtVersion("ko"),
		ownHelper: true,
		prepare: func(u *user) {
			u.write("program/go.mod", "module example.com/program\n")
			u.write("program/main.go", "package main\n\nfunc main() {}\n")
			u.env["GOCACHE"] = filepath.Join(privateDir, "go-build")
			// Where this helper has no credentials, ko calls the helpers of other clouds and
			// another one for ECR, which waits long for the instance metadata service.
			u.env["AWS_EC2_METADATA_DISABLED"] = "true"
			u.env["GOPROXY"], u.env["GOTOOLCHAIN"] = "off", "local"
		},
		push: func(u *user, ref string) result {
			host, repository, tag := splitRef(ref)
			return u.ko(baseRef, host+"/"+repository, "--tags", tag)
		},
		pull: func(u *user, ref string) result {
			return u.ko(ref, "unused.example.com/program", "--push=false", "--tarball", filepath.Join(u.scratch(), "image.tar"))
		},
	}
}

func (u *user) ko(base, repository string, options ...string) result {
	dir := u.scratch()
	u.writeIn(dir, ".ko.yaml", "defaultBaseImage: "+base+"\n")
	command := []string{"-c", `cd program && KO_CONFIG_PATH="$1" KO_DOCKER_REPO="$2" && export KO_CONFIG_PATH KO_DOCKER_REPO && shift 2 && exec ko build --bare --sbom none "$@" .`,
		"ko", dir, repository}
	return u.run("", "sh", append(command, options...)...)
}
