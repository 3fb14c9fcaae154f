package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// maxInput is more than any client sends: the protocol's largest message is one login, and an ECR password has
// two or three kilobytes, as a service account's token has that a kubelet sends.
const maxInput = 64 << 10

// run is the program: args as in os.Args, the exit code as result.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &process{name: args[0], stdin: stdin, out: newOutput(stdout, stderr), stderr: stderr}
	switch {
	case len(args) == 1 && fromKubelet(stdin):
		return p.out.problem(errNoArgs, "")
	case len(args) == 1:
		return p.out.usage()
	case args[1] == "-v" || args[1] == "--version":
		return p.out.settled(p.out.versionLine())
	case isVerb(args[1]) && len(args) == 2:
		return p.out.settled(p.verb(ctx, args[1]))
	case isVerb(args[1]) && args[2] != "-h" && args[2] != "--help":
		return p.out.usage()
	}
	return command(ctx, p, args[1:])
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
