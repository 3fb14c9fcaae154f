package token

import (
	"os/exec"
	"strings"
	"syscall"
)

// processCommand leaves the splitting of the arguments to the program, as is usual on Windows.
func processCommand(command string) (*exec.Cmd, error) {
	command = strings.TrimSpace(command)
	program, _, _ := strings.Cut(command, " ")
	if quoted, ok := strings.CutPrefix(command, `"`); ok {
		program, _, _ = strings.Cut(quoted, `"`)
	}
	if program == "" {
		return nil, &processError{what: "has no command"}
	}
	cmd := exec.Command(program)
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: command}
	return cmd, nil
}
