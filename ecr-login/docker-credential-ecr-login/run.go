package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/docker/docker-credential-helpers/credentials"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/docker-credential-ecr-login/hit"
)

// maxInput is more than any client sends: the protocol's largest message is one login, and an ECR password has
// two or three kilobytes.
const maxInput = 64 << 10

// run is the program: args as in os.Args, the exit code as result.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := output{stdout, stderr}
	if len(args) != 2 {
		return out.usage()
	}
	switch verb := args[1]; verb {
	case "-h", "--help", "help":
		return out.help()
	case "-v", "--version", credentials.ActionVersion:
		return out.versionLine()
	case credentials.ActionGet, credentials.ActionStore, credentials.ActionErase, credentials.ActionList:
		in, err := io.ReadAll(io.LimitReader(stdin, maxInput))
		if err != nil {
			return out.failure(fmt.Errorf("reading standard input: %w", err))
		}
		if len(in) == maxInput {
			return out.failure(errors.New("standard input is too long: 64 KiB or more"))
		}
		helper := ecrlogin.New(ecrlogin.Options{
			Profile: config.ProfileFromName(args[0]),
			Version: version(),
			Stderr:  stderr,
			Log:     out.log(os.Getenv(hit.LogVariable)),
		})
		if err := credentials.HandleCommand(helper.Docker(ctx), verb, bytes.NewReader(in), stdout); err != nil {
			return out.failure(err)
		}
		return 0
	default:
		return out.usage()
	}
}
