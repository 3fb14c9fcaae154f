//go:build e2e && linux

package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// commandLimit bounds every command, so that a client that waits for ever is a failure and not a hanging suite.
const commandLimit = 90 * time.Second

// result is what a command left behind.
type result struct {
	command        string
	stdout, stderr string
	err            error // nil when it ended with 0
}

func (r result) output() string { return r.stdout + r.stderr }

// describe is for failure messages.
func (r result) describe() string {
	status := "succeeded"
	if r.err != nil {
		status = "failed: " + r.err.Error()
	}
	return "$ " + r.command + "\n" + strings.TrimSpace(r.output()) + "\n(" + status + ")"
}

// run runs a command with the user's environment, and standard input when it is not empty.
func (u *user) run(stdin, name string, args ...string) result {
	ctx, cancel := context.WithTimeout(context.Background(), u.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, u.find(name), args...)
	cmd.Dir = u.home
	for key, value := range u.env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	// A client in trouble leaves children that hold the pipes: the whole group ends.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return result{command: strings.Join(append([]string{name}, args...), " "), stdout: stdout.String(), stderr: stderr.String(), err: err}
}

// find looks a program up in the user's own bin first: exec.Command would look in ours.
func (u *user) find(name string) string {
	if own := filepath.Join(u.home, "bin", name); !strings.Contains(name, "/") {
		if _, err := os.Stat(own); err == nil {
			return own
		}
	}
	return name
}

// must is run for a command that has to succeed.
func (u *user) must(stdin, name string, args ...string) result {
	u.t.Helper()
	r := u.run(stdin, name, args...)
	if r.err != nil {
		u.t.Fatalf("command must succeed:\n%s", r.describe())
	}
	return r
}

// mustFail is run for a command that has to fail.
func (u *user) mustFail(stdin, name string, args ...string) result {
	u.t.Helper()
	r := u.run(stdin, name, args...)
	if r.err == nil {
		u.t.Fatalf("command must fail:\n%s", r.describe())
	}
	return r
}
