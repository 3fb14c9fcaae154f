//go:build e2e && linux

package e2e

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
)

// engine is a Docker engine of this run: its data, socket and containerd are in the private /run.
type engine struct{ socket string }

// theEngine starts the engine at the first test that needs it.
var theEngine = sync.OnceValues(startEngine)

func needEngine(t testing.TB) *engine {
	t.Helper()
	need(t)
	for _, program := range []string{"dockerd", "docker"} {
		needProgram(t, program, "apt-get install docker.io")
	}
	e, err := theEngine()
	if err != nil {
		t.Skipf("no Docker engine can run here: %v", err)
	}
	return e
}

func startEngine() (*engine, error) {
	dir := filepath.Join(privateDir, "engine")
	e := &engine{socket: filepath.Join(dir, "docker.sock")}
	return e, startDaemon(dir, e.ping, "dockerd",
		"--host", "unix://"+e.socket,
		"--data-root", filepath.Join(dir, "data"),
		"--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid"),
		"--bridge", "none", "--iptables=false", "--ip6tables=false",
		"--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/"+cgroupParent,
		// The driver vfs works on every file system, and the images here are a few bytes.
		"--storage-driver", "vfs")
}

// ping returns nil when the engine answers.
func (e *engine) ping() error {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", e.socket)
		},
	}}
	response, err := client.Get("http://docker/_ping")
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// containerd returns the address of the engine's containerd.
func (e *engine) containerd() string {
	return filepath.Join(filepath.Dir(e.socket), "exec/containerd/containerd.sock")
}
