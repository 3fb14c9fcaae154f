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
// two or three kilobytes, as a service account's token has that a kubelet sends.
const maxInput = 64 << 10

// run is the program: args as in os.Args, the exit code as result.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := output{stdout, stderr}
	if len(args) > 1 && args[1] == "explain" {
		return explain(ctx, newHelper(args[0], out), args[2:], out)
	}
	if len(args) == 1 && fromKubelet(stdin) {
		return out.problem(errNoArgs, "")
	}
	if len(args) != 2 {
		return out.usage()
	}
	switch verb := args[1]; verb {
	case "-h", "--help", "help":
		return out.help()
	case "-v", "--version", credentials.ActionVersion:
		return out.versionLine()
	case credentials.ActionGet, credentials.ActionStore, credentials.ActionErase, credentials.ActionList:
		in, err := readAll(stdin)
		if err != nil {
			return out.failure(err)
		}
		if err := credentials.HandleCommand(newHelper(args[0], out).Docker(ctx), verb, bytes.NewReader(in), stdout); err != nil {
			return out.failure(err)
		}
		return 0
	case "kubelet":
		return kubelet(ctx, newHelper(args[0], out), stdin, out)
	default:
		return out.usage()
	}
}

// readAll is the whole of standard input, whose size no client's question comes near.
func readAll(stdin io.Reader) ([]byte, error) {
	in, err := io.ReadAll(io.LimitReader(stdin, maxInput))
	if err != nil {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	if len(in) == maxInput {
		return nil, errors.New("standard input is too long: 64 KiB or more")
	}
	return in, nil
}

// newHelper is the library with what the process adds to it: the profile in its name, and its streams.
func newHelper(name string, out output) *ecrlogin.Helper {
	return ecrlogin.New(ecrlogin.Options{
		Profile: config.ProfileFromName(name),
		Version: version(),
		Stderr:  out.stderr,
		Log:     out.log(os.Getenv(hit.LogVariable)),
	})
}
