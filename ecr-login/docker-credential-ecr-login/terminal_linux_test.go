package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// onTerminal runs a command on a terminal of unknown size on which input is typed. It returns
// everything that the command wrote there.
func onTerminal(t testing.TB, cmd *exec.Cmd, input string) (screen string, code int) {
	t.Helper()
	return onTerminalOf(t, cmd, input, 0)
}

// onTerminalOf is onTerminal with a terminal that is so many columns wide.
func onTerminalOf(t testing.TB, cmd *exec.Cmd, input string, columns uint16) (screen string, code int) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	n, err := unix.IoctlGetUint32(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile("/dev/pts/"+strconv.FormatUint(uint64(n), 10), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	// Without echo. The input is written at once, and its echo could appear in the middle of the
	// command's output.
	mode, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	mode.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, mode); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	if _, err := io.WriteString(master, input); err != nil {
		t.Fatal(err)
	}
	var seen bytes.Buffer
	// It ends with EIO when no process has the terminal open any more.
	if _, err := io.Copy(&seen, master); err != nil && !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.ReplaceAll(seen.String(), "\r\n", "\n"), cmd.ProcessState.ExitCode()
}

// configure prompts once on a terminal. Enter means yes; the end of input does not.
func TestConfigurePrompts(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t) // refuses the key
	for _, c := range []struct {
		typed string
		yes   bool
	}{
		{"y\n", true}, {"Yes\n", true}, {"\n", true}, {"n\n", false}, {"yesterday\n", false}, {"\x04", false},
	} {
		u := newDockerUser(t).with("AWS_ENDPOINT_URL=" + s.URL)
		u.put("Dockerfile", []byte("FROM "+host+"/team/base\n"))
		before := u.tree()
		screen, code := onTerminal(t, u.command("", "configure"), c.typed)
		if strings.Count(screen, "Add this registry to ~/.docker/config.json? [Y/n] ") != 1 || !strings.Contains(screen, host+"  default credentials  Dockerfile:1\n") {
			t.Errorf("%q: the screen shows\n%s", c.typed, screen)
		}
		if c.yes {
			if code != 0 || !strings.Contains(screen, "  "+host+"  added, ecr-login\n") {
				t.Errorf("%q: exit code %d, the screen shows\n%s", c.typed, code, screen)
			}
			continue
		}
		if code != 1 || !strings.HasSuffix(screen, program+": nothing was changed\n") {
			t.Errorf("%q: exit code %d, the screen shows\n%s", c.typed, code, screen)
		}
		u.wantTree(before, "not confirmed")
	}
}

// There is no prompt for registries that were named.
func TestConfigureDoesNotPromptForNamedRegistries(t *testing.T) {
	t.Parallel()
	u := newDockerUser(t)
	screen, code := onTerminal(t, u.command("", "configure", host), "")
	if code != 0 || strings.Contains(screen, "?") || !strings.Contains(screen, "added, ecr-login") {
		t.Errorf("exit code %d, the screen shows\n%s", code, screen)
	}
}

// get on a terminal prints what it waits for after a moment without input, and then works as usual.
func TestGetOnATerminal(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	screen, code := onTerminal(t, u.command("", "get"), host+"\n\x04") // Ctrl-D ends the input
	if code != 0 || !strings.Contains(screen, `"Username":"AWS"`) {
		t.Errorf("exit code %d, the terminal shows\n%s", code, screen)
	}
	const want = "docker-credential-ecr-login: get reads the registry from standard input\n" +
		"docker-credential-ecr-login: hint: run: echo HOST | docker-credential-ecr-login get\n"
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	p := &process{stdin: terminal, out: newOutput(program, w, w)}
	defer p.announceInput("get")()
	seen := make([]byte, len(want))
	if _, err := io.ReadFull(r, seen); err != nil || string(seen) != want {
		t.Errorf("%q (%v), want %q", seen, err, want)
	}
}
