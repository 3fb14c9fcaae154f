//go:build unix

package process

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestOutput(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	cmd := Shell(`read line; echo "out $line"; echo err >&2`)
	cmd.Stdin, cmd.Stderr = strings.NewReader("in\n"), &stderr
	out, err := Output(t.Context(), cmd)
	if err != nil || string(out) != "out in\n" || stderr.String() != "err\n" {
		t.Errorf("%q, %q, %v", out, &stderr, err)
	}
}

func TestOutputFails(t *testing.T) {
	t.Parallel()
	var exit *exec.ExitError
	if _, err := Output(t.Context(), Shell("exit 3")); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("exit status: %v", err)
	}
	if _, err := Output(t.Context(), exec.Command("/nonexistent/command")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing command: %v", err)
	}
	if _, err := Output(t.Context(), Shell("exec cat /dev/zero")); !errors.Is(err, ErrTooLong) {
		t.Errorf("endless output: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Output(ended, exec.Command("/nonexistent/command")); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

// When the context ends, every descendant ends: each holds a FIFO open for writing, which ends with
// the last of them.
func TestDescendantsEnd(t *testing.T) {
	t.Parallel()
	const wait = "exec sleep 600"
	for name, test := range map[string]struct {
		command string
		orphans bool // only a process group holds them all
	}{
		"command":               {"echo a >&9; " + wait, false},
		"child":                 {"sh -c 'echo a >&9; sleep 600; true'; true", false},
		"background child":      {"sleep 600 & echo a >&9; wait", false},
		"grandchildren":         {"sh -c 'sleep 600 & sh -c \"sleep 600 & echo a >&9; wait\"; wait'; true", false},
		"several children":      {"sleep 600 & sleep 600 & sleep 600 & echo a >&9; wait", false},
		"TERM and INT ignored":  {"trap '' TERM INT HUP; echo a >&9; sleep 600; sleep 600", false},
		"starting new children": {"echo a >&9; while :; do sleep 600 & sleep 0.01; done", false},
		"parent has ended":      {"sh -c 'sleep 600 &'; echo a >&9; " + wait, true},
	} {
		for _, group := range []bool{true, false} {
			if test.orphans && !group {
				continue
			}
			t.Run(name+map[bool]string{true: ", own group", false: ""}[group], func(t *testing.T) {
				t.Parallel()
				fifo := filepath.Join(t.TempDir(), "fifo")
				if err := syscall.Mkfifo(fifo, 0o600); err != nil {
					t.Fatal(err)
				}
				reader, err := os.OpenFile(fifo, os.O_RDWR, 0) // opens without a writer
				if err != nil {
					t.Fatal(err)
				}
				defer reader.Close()
				writer, err := os.OpenFile(fifo, os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				only, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer only.Close()
				cmd := Shell("exec 9>&3 3>&-; " + test.command)
				cmd.ExtraFiles = []*os.File{writer}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				result := make(chan error, 1)
				go func() {
					_, err := output(ctx, cmd, group)
					result <- err
				}()
				if _, err := io.ReadFull(only, make([]byte, 2)); err != nil {
					t.Fatal(err)
				}
				cancel()
				if err := <-result; !errors.Is(err, context.Canceled) {
					t.Errorf("error %v", err)
				}
				writer.Close()
				reader.Close()
				only.SetReadDeadline(time.Now().Add(time.Minute)) // far beyond what the kernel needs
				if _, err := io.ReadAll(only); err != nil {
					t.Errorf("a descendant still runs: %v", err)
				}
			})
		}
	}
}

// A descendant that outlives the command keeps neither the caller nor those who read its standard
// error waiting.
func TestOrphanHoldsNothing(t *testing.T) {
	t.Parallel()
	stderr, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	hold, err := os.OpenFile(fifo, os.O_RDWR, 0) // the orphan ends when this is closed
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	cmd := Shell("sh -c 'trap \"\" HUP; exec cat <" + fifo + "' & echo printed; echo said >&2")
	cmd.Stderr = ours
	out, err := Output(t.Context(), cmd)
	ours.Close()
	if err != nil || string(out) != "printed\n" {
		t.Errorf("%q, %v", out, err)
	}
	if text, err := io.ReadAll(stderr); err != nil || string(text) != "said\n" {
		t.Errorf("standard error %q, %v", text, err)
	}
}
