//go:build e2e && linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	daemonStartLimit = time.Minute      // dockerd takes under a second here; a cold CI machine gets sixty
	daemonStopLimit  = 20 * time.Second // dockerd gives its containers ten seconds
	daemonPoll       = 50 * time.Millisecond
)

// daemon is a program that runs until the last test has ended, such as dockerd.
type daemon struct {
	log   string
	cmd   *exec.Cmd
	ended chan struct{} // closed when the program has ended
}

var daemons struct {
	sync.Mutex
	started []*daemon
}

// startDaemon starts a program whose files are in dir, and waits until ready returns nil.
func startDaemon(dir string, ready func() error, name string, args ...string) error {
	// Daemons cache the trust store and, for seconds, the hosts file, so the site writes both first.
	if _, err := theSite(); err != nil {
		return fmt.Errorf("starting the registry: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	d := &daemon{log: filepath.Join(dir, "log"), ended: make(chan struct{})}
	log, err := os.Create(d.log)
	if err != nil {
		return err
	}
	defer log.Close()
	d.cmd = exec.Command(name, args...)
	d.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		return err
	}
	go func() {
		d.cmd.Wait()
		close(d.ended)
	}()
	if err := d.awaitReady(ready); err != nil {
		d.stop()
		return fmt.Errorf("%s: %w", name, err)
	}
	daemons.Lock()
	defer daemons.Unlock()
	daemons.started = append(daemons.started, d)
	return nil
}

func (d *daemon) awaitReady(ready func() error) error {
	limit := time.After(daemonStartLimit)
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-d.ended:
			return fmt.Errorf("it ended: %s", d.lastOutput())
		case <-limit:
			return fmt.Errorf("not ready after %s (%v): %s", daemonStartLimit, err, d.lastOutput())
		case <-time.After(daemonPoll):
		}
	}
}

func (d *daemon) lastOutput() string {
	log, err := os.ReadFile(d.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

func (d *daemon) stop() {
	d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.ended:
	case <-time.After(daemonStopLimit):
		d.cmd.Process.Kill()
		<-d.ended
	}
}

// stopDaemons stops the programs of the run, the last one first.
func stopDaemons() {
	daemons.Lock()
	defer daemons.Unlock()
	for _, d := range slices.Backward(daemons.started) {
		d.stop()
	}
	daemons.started = nil
}
