//go:build e2e && linux

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestSandboxImageIsPulledAndPinned runs the script that a node runs before its kubelet starts.
func TestSandboxImageIsPulledAndPinned(t *testing.T) {
	u := dockerUser(t)
	u.signIn("default", devAccount)
	u.configure(dockerStores["credHelpers"])
	image := devHost + "/pause:3.10"
	u.push(image)

	script, err := filepath.Abs("../../packaging/kubernetes/pull-sandbox-image")
	if err != nil {
		t.Fatal(err)
	}
	address := needEngine(u.t).containerd()
	pull := []string{
		"CONTAINERD_ADDRESS=" + address, "CONTAINERD_SNAPSHOTTER=native", "SANDBOX_IMAGE=" + image,
		"ECR_LOGIN_PROGRAM=" + u.find("docker-credential-ecr-login"), "sh", script,
	}
	u.must("", "env", pull...)
	list := u.must("", "ctr", "--address", address, "--namespace", "k8s.io", "images", "list", "name=="+image)
	for _, want := range []string{image, "io.cri-containerd.pinned=pinned", "io.cri-containerd.image=managed"} {
		if !strings.Contains(list.stdout, want) {
			t.Errorf("the list of images does not contain %q:\n%s", want, list.stdout)
		}
	}
	if left, err := filepath.Glob("/run/ecr-login-sandbox-image.*"); err != nil || len(left) != 0 {
		t.Errorf("files with the password remain: %q, %v", left, err)
	}

	// The second run finds the image and needs neither AWS nor the registry.
	calls := len(u.aws.Requests(opRegistry))
	u.must("", "env", pull...)
	if again := len(u.aws.Requests(opRegistry)); again != calls {
		t.Errorf("%d requests to the registry although the image is there", again-calls)
	}
	u.must("", "ctr", "--address", address, "--namespace", "k8s.io", "images", "rm", image)
}
