//go:build e2e && linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// theContainerd starts a containerd with the CRI plug-in, which the engine's containerd does not
// have, at the first test that needs it.
var theContainerd = sync.OnceValues(startContainerd)

// needContainerd returns its address.
func needContainerd(t testing.TB) (socket string) {
	t.Helper()
	need(t)
	needProgram(t, "containerd", fromDebian+"containerd")
	socket, err := theContainerd()
	if err != nil {
		t.Skipf("no containerd can run here: %v", err)
	}
	return socket
}

func startContainerd() (socket string, err error) {
	dir := filepath.Join(privateDir, "containerd")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	socket = filepath.Join(dir, "containerd.sock")
	config := filepath.Join(dir, "config.toml")
	// The snapshotter native works on every file system.
	text := fmt.Sprintf(`version = 2
root = %q
state = %q
[grpc]
  address = %q
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "native"
`, filepath.Join(dir, "data"), filepath.Join(dir, "state"), socket)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return "", err
	}
	ready := func() error { return exec.Command("ctr", "--address", socket, "version").Run() }
	return socket, startDaemon(dir, ready, "containerd", "--config", config)
}
