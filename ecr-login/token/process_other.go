//go:build !windows

package token

import (
	"os/exec"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

// processCommand returns the command of a credential_process.
func processCommand(command string) (*exec.Cmd, error) {
	words, ok := awsconfig.SplitCommand(command)
	if !ok || len(words) == 0 {
		return nil, &processError{what: "has no command, or a quote that is not closed"}
	}
	return exec.Command(words[0], words[1:]...), nil
}
