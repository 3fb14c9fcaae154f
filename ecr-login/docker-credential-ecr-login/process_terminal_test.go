//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
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
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	hold, err := os.OpenFile(fifo, os.O_RDWR, 0) // keeps the FIFO open until the script has it
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	reader, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cmd := onTerminalWithProcess(t, ecrtest.New(t), "exec 9>"+fifo+"; echo started >&9; sleep 600; true\n")
	keyboard, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(reader, make([]byte, len("started\n"))); err != nil {
		t.Fatal(err)
	}
	hold.Close()
	if _, err := io.WriteString(keyboard, "\x03"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(reader); err != nil { // ends with the last process
		t.Error(err)
	}
	keyboard.Close()
	cmd.Wait()
}
