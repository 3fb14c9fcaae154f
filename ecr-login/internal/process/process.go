// Package process runs a command that a user configured, such as a credential_process or a
// credential helper, and ends it with all its descendants when its time is over.
//
// The command's standard error is always a pipe of this process, so that a caller that reads this
// process's standard error to the end never waits for a descendant that outlives it.
//
// Prompts work: if this process has a terminal, the command stays in its process group, so it may
// read the terminal, and Ctrl-C ends it. Its descendants are then found by their parents. Without a
// terminal it gets a process group of its own, which also holds descendants whose parent has ended. A
// signal to the group of this process then does not reach it: see EndOnSignal.
//
// Limits: a descendant is not ended if it left the process group and its parent has ended, as a
// daemon does. On Windows a job object holds the descendants; one that is started before the
// command is assigned to the job, within microseconds, is not in it.
package process

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"time"
)

// drainTime is how long output is still read after a command exited, if a descendant holds its
// pipes.
const drainTime = time.Second

// maxOutput is the most that is read from a command, in bytes.
const maxOutput = 4 << 20

// ErrTooLong reports that a command printed too much.
var ErrTooLong = errors.New("printed more than 4 MiB")

// endOnSignal is set by EndOnSignal.
var endOnSignal atomic.Bool

// EndOnSignal sets whether a signal that ends this process (SIGHUP, SIGINT or SIGTERM) first ends the
// commands that have a process group of their own. The system is asked for the signals only while
// such a command runs. It is for the main program: a library leaves signals alone, and so does a
// command that handles them itself.
func EndOnSignal(on bool) { endOnSignal.Store(on) }

// Shell returns a command that the system's shell runs.
func Shell(command string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		return exec.Command("cmd.exe", "/C", command)
	}
	return exec.Command("sh", "-c", command)
}

// Output starts cmd and returns its standard output. When ctx ends, it ends the command and its
// descendants, and returns the context's error. cmd must not have a Stdout or a context.
func Output(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	return output(ctx, cmd, !hasTerminal())
}

// output is Output. group gives the command a process group of its own, on systems that have them.
func output(ctx context.Context, cmd *exec.Cmd, group bool) ([]byte, error) {
	var out limitedBuffer
	cmd.Stdout = &out
	if cmd.Stderr != nil {
		cmd.Stderr = struct{ io.Writer }{cmd.Stderr} // a file would be inherited; anything else gets a pipe
	}
	cmd.WaitDelay = drainTime
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var caught chan os.Signal // before the start, so that no signal is missed
	if group && endOnSignal.Load() {
		caught = catchSignals()
		defer release(caught)
	}
	t, err := start(cmd, group)
	if err != nil {
		return nil, err
	}
	defer t.close()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err = <-done:
	case s := <-caught:
		t.kill()
		endBy(s)
		return nil, context.Canceled
	case <-ctx.Done():
		t.kill()
		return nil, ctx.Err()
	}
	switch {
	case out.tooLong:
		return nil, ErrTooLong
	case errors.Is(err, exec.ErrWaitDelay): // the command itself succeeded
		return out.data.Bytes(), nil
	}
	return out.data.Bytes(), err
}

// limitedBuffer stores the first maxOutput bytes. It does not embed the buffer, whose ReadFrom has
// no limit.
type limitedBuffer struct {
	data    bytes.Buffer
	tooLong bool
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.data.Len()+len(p) > maxOutput {
		b.tooLong = true
		return 0, ErrTooLong
	}
	return b.data.Write(p)
}
