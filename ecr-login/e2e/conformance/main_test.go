// Package conformance compares the program with the code of the clients that it works for: Docker's
// reader of config.json, and the kubelet's types. It needs no root, no container engine and no
// network.
package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

const (
	root = "../../.." // of the repository
	host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
)

// helper is the path of the program, built once for all tests of this package.
var helper string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ecr-login-conformance-")
	if err != nil {
		panic(err)
	}
	helper = filepath.Join(dir, "docker-credential-ecr-login")
	if runtime.GOOS == "windows" {
		helper += ".exe"
	}
	build := exec.Command("go", "build", "-trimpath", "-o", helper, "./ecr-login/docker-credential-ecr-login")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	code := 1
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the helper: %v\n%s", err, out)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}
