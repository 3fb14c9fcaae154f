//go:build !windows

package token

import (
	"context"
	"os/exec"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

func processCommand(ctx context.Context, command string) (*exec.Cmd, error) {
	words, ok := awsconfig.SplitCommand(command)
	if !ok || len(words) == 0 {
		return nil, &processError{what: "has no command, or a quote that is not closed"}
	}
	return exec.CommandContext(ctx, words[0], words[1:]...), nil
}
