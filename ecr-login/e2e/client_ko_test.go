//go:build e2e && linux

package e2e

import "path/filepath"

// baseRef is an image in the foreign registry that anybody may pull, for clients that build upon something.
const baseRef = openHost + "/base:1.0.0"

// ko pushes a Go program that it has built and pulls the image that it builds upon.
func koClient() client {
	return client{
		name: "ko", programs: []string{"ko", "go"}, install: fromGo,
		version:   builtAs("ko"),
		ownHelper: true,
		setup: dockerConfigSetup + " ko brings another helper for ECR, which takes the default profile or the environment's credentials, asks AWS in every run, and goes before `config.json`: " +
			"this helper gets its turn when that one finds no credentials, as with a profile in the program's name. Its errors are told as crane's are.",
		prepare: func(u *user) {
			u.write("program/go.mod", "module example.com/program\n")
			u.write("program/main.go", "package main\n\nfunc main() {}\n")
			u.env["GOCACHE"] = filepath.Join(privateDir, "go-build")
			// Where our helper has nothing to say, ko asks other clouds' helpers and another one for ECR, which waits long for
			// the instance metadata service.
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
