//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// onTerminalWithProcess returns a get at a terminal, of a profile whose credential_process is script.
func onTerminalWithProcess(t *testing.T, s *ecrtest.Server, script string) *exec.Cmd {
	t.Helper()
	terminal, err := exec.LookPath("script")
	if err != nil {
		t.Skip("script of util-linux is not installed")
	}
	home := s.Home(t.TempDir())
	path := filepath.Join(home.Dir, "process.sh")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	home.Config("[profile prompt]", "credential_process = sh "+path)
	cmd := exec.Command(terminal, "-qec", "echo "+host+" | "+helper+" get", os.DevNull)
	cmd.Env = newUser(t, home.Dir, home.Env("AWS_PROFILE=prompt")).env
	return cmd
}

// A credential_process may prompt for an MFA code at the terminal.
func TestProcessPrompts(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	c := s.AddUser("somebody")
	cmd := onTerminalWithProcess(t, s, fmt.Sprintf(`printf 'MFA code: ' >/dev/tty
read code </dev/tty
[ "$code" = 123456 ] || exit 9
echo '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"%s"}'
`, c.AccessKeyID, c.SecretAccessKey))
	cmd.Stdin = strings.NewReader("123456\n")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "MFA code: ") || !strings.Contains(string(out), `"Username":"AWS"`) {
		t.Errorf("%v: %s", err, out)
	}
}

// Ctrl-C at the terminal ends the helper, the credential_process and its children.
func TestProcessInterrupted(t *testing.T) {
	t.Parallel()
	f := newRunningMark(t)
	cmd := onTerminalWithProcess(t, ecrtest.New(t), f.script)
	keyboard, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.waitForStart()
	if _, err := io.WriteString(keyboard, "\x03"); err != nil {
		t.Fatal(err)
	}
	f.waitForEnd()
	keyboard.Close()
	cmd.Wait()
}

// Without a terminal, a signal that ends the helper ends the credential_process and its children,
// which are in a process group of their own.
func TestProcessSignaled(t *testing.T) {
	t.Parallel()
	// A child inherits an ignored signal, as below nohup, but not a handled one.
	handled := make(chan os.Signal, 1)
	signal.Notify(handled, syscall.SIGHUP, syscall.SIGINT)
	t.Cleanup(func() { signal.Stop(handled) })
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			f := newRunningMark(t)
			home := ecrtest.New(t).Home(t.TempDir())
			home.Config("[profile p]", "credential_process = sh "+f.file())
			cmd := exec.Command(helper, "get")
			cmd.Env = newUser(t, home.Dir, home.Env("AWS_PROFILE=p")).env
			cmd.Stdin = strings.NewReader(host)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			f.waitForStart()
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			f.waitForEnd()
			_ = cmd.Wait()
			if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != s {
				t.Errorf("the helper ended with %v", cmd.ProcessState)
			}
		})
	}
}

// A runningMark is a script and a FIFO that shows whether one of its processes runs.
type runningMark struct {
	t      *testing.T
	script string
	hold   *os.File // keeps the FIFO open until the script has it
	reader *os.File
}

func newRunningMark(t *testing.T) *runningMark {
	t.Helper()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	hold, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hold.Close() })
	reader, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	return &runningMark{t, "exec 9>" + fifo + "; echo started >&9; sleep 600; true\n", hold, reader}
}

// file returns a file with the script.
func (r *runningMark) file() string {
	r.t.Helper()
	path := filepath.Join(r.t.TempDir(), "script.sh")
	if err := os.WriteFile(path, []byte(r.script), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

func (r *runningMark) waitForStart() {
	r.t.Helper()
	if _, err := io.ReadFull(r.reader, make([]byte, len("started\n"))); err != nil {
		r.t.Fatal(err)
	}
	r.hold.Close()
}

// waitForEnd waits for the last process of the script.
func (r *runningMark) waitForEnd() {
	r.t.Helper()
	if _, err := io.ReadAll(r.reader); err != nil {
		r.t.Error(err)
	}
}
