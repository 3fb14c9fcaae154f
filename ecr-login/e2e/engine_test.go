//go:build e2e && linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// engine is a Docker engine of this run: its data, socket and containerd are in the private /run.
type engine struct {
	socket string
	log    string
	cmd    *exec.Cmd
	ended  chan struct{} // closed when dockerd has ended
}

const (
	engineStartLimit = time.Minute      // dockerd takes under a second here; a cold CI machine gets sixty
	engineStopLimit  = 20 * time.Second // dockerd gives its containers ten seconds
	enginePoll       = 50 * time.Millisecond
)

// theEngine starts the engine at the first test that needs it.
var theEngine = sync.OnceValues(startEngine)

// engineStarted is false when no test has started the engine, so that stopEngine does not start it.
var engineStarted bool

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
	// dockerd caches the trust store and, for seconds, the hosts file, so the site writes both
	// first.
	if _, err := theSite(); err != nil {
		return nil, fmt.Errorf("starting the registry: %w", err)
	}
	engineStarted = true
	dir := filepath.Join(privateDir, "engine")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	e := &engine{socket: filepath.Join(dir, "docker.sock"), log: filepath.Join(dir, "log"), ended: make(chan struct{})}
	log, err := os.Create(e.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	e.cmd = exec.Command("dockerd",
		"--host", "unix://"+e.socket,
		"--data-root", filepath.Join(dir, "data"),
		"--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid"),
		"--bridge", "none", "--iptables=false", "--ip6tables=false",
		"--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/"+cgroupParent,
		// The driver vfs works on every file system, and the images here are a few bytes.
		"--storage-driver", "vfs")
	e.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}
	e.cmd.Stdout, e.cmd.Stderr = log, log
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		e.cmd.Wait()
		close(e.ended)
	}()
	if err := e.awaitReady(); err != nil {
		e.stop()
		return nil, err
	}
	return e, nil
}

func (e *engine) awaitReady() error {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", e.socket)
		},
	}}
	limit := time.After(engineStartLimit)
	for {
		response, err := client.Get("http://docker/_ping")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(response.Status)
		}
		select {
		case <-e.ended:
			return fmt.Errorf("dockerd ended: %s", e.lastOutput())
		case <-limit:
			return fmt.Errorf("dockerd not ready after %s (%v): %s", engineStartLimit, err, e.lastOutput())
		case <-time.After(enginePoll):
		}
	}
}

func (e *engine) lastOutput() string {
	log, err := os.ReadFile(e.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// stop ends dockerd, which ends its containerd.
func (e *engine) stop() {
	e.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-e.ended:
	case <-time.After(engineStopLimit):
		e.cmd.Process.Kill()
		<-e.ended
	}
}

func stopEngine() {
	if !engineStarted {
		return
	}
	if e, err := theEngine(); err == nil {
		e.stop()
	}
}
