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

// commandLimit is the time limit of every command, so that a client that hangs is a failure. Sixteen
// processes of Node that start at once on a busy machine have taken more than 90 seconds.
const commandLimit = 4 * time.Minute

// result is the result of a command.
type result struct {
	command        string
	stdout, stderr string
	err            error // nil when the exit code is 0
}

func (r result) output() string { return r.stdout + r.stderr }

// describe returns a text for failure messages.
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
	// A killed client may leave children that hold the pipes, so the whole process group is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if u.id != 0 {
		u.takeHome()
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(u.id), Gid: uint32(u.id)}
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return result{command: strings.Join(append([]string{name}, args...), " "), stdout: stdout.String(), stderr: stderr.String(), err: err}
}

// find returns the path of a program on the user's PATH. exec.Command would search the PATH of the
// test.
func (u *user) find(name string) string {
	if own := filepath.Join(u.home, "bin", name); !strings.Contains(name, "/") {
		if _, err := os.Stat(own); err == nil {
			return own
		}
	}
	return name
}

// must runs a command and fails the test unless it succeeds.
func (u *user) must(stdin, name string, args ...string) result {
	u.t.Helper()
	r := u.run(stdin, name, args...)
	if r.err != nil {
		u.t.Fatalf("command must succeed:\n%s", r.describe())
	}
	return r
}

// mustFail runs a command and fails the test unless the command fails.
func (u *user) mustFail(stdin, name string, args ...string) result {
	u.t.Helper()
	r := u.run(stdin, name, args...)
	if r.err == nil {
		u.t.Fatalf("command must fail:\n%s", r.describe())
	}
	return r
}
