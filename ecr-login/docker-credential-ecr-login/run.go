package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/clients"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	children "github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// maxInput limits standard input. The largest input of a client is one login or a kubelet's request:
// an ECR password or a service account token of two or three kilobytes.
const maxInput = 64 << 10

// A process is one run of the program.
type process struct {
	name  string   // os.Args[0], which may contain an AWS profile
	args  []string // the other arguments
	stdin io.Reader
	out   output

	answers *bufio.Reader // standard input of a command that prompts
	warned  int           // how many warnings of configure were printed

	// stderr is the standard error that the process was started with. Programs that it starts inherit it.
	stderr io.Writer

	clock  cache.Clock // zero: the system's clock
	budget budget

	logOnce sync.Once
	logger  *slog.Logger
}

// run runs the program with args as in os.Args and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	children.EndOnSignal(true)
	p := &process{name: args[0], args: args[1:], stdin: stdin, out: newOutput(args[0], stdout, stderr), stderr: stderr}
	switch {
	case len(args) == 1 && isKubeletRequest(stdin):
		return p.out.problem(errNoArguments, kubeletArgsHint)
	case len(args) == 1:
		return p.out.usage()
	case args[1] == "-v" || args[1] == "--version":
		return p.out.exitCode(p.out.versionLine())
	case isProtocolCommand(args[1]) && len(args) == 2:
		return p.out.exitCode(p.protocolCommand(ctx, args[1]))
	case isProtocolCommand(args[1]) && !slices.Contains([]string{"-h", "--help"}, args[2]):
		return p.unexpectedArgument(args[1], args[2])
	}
	return p.command(ctx, args[1:])
}

func (p *process) now() time.Time {
	if p.clock.Now != nil {
		return p.clock.Now()
	}
	return time.Now()
}

// helper returns a Helper with the AWS profile in the program's name.
func (p *process) helper() *ecrlogin.Helper { return p.helperFor(progname.Profile(p.name)) }

// helperFor returns a Helper with another profile. The empty profile leaves the choice to the settings
// and the environment.
func (p *process) helperFor(profile string) *ecrlogin.Helper {
	return ecrlogin.New(p.options(profile))
}

// profileFor returns the AWS profile for a registry: that of the flag --profile, else the one in the program's name, else
// the one in the name of the helper that docker or podman runs for the registry.
func (p *process) profileFor(flag, serverURL string) string {
	if profile := cmp.Or(flag, progname.Profile(p.name)); profile != "" {
		return profile
	}
	profile, _ := clients.Read(dockerconfig.Locator{}).Profile(serverURL)
	return profile
}

func (p *process) options(profile string) ecrlogin.Options {
	return ecrlogin.Options{
		Profile: profile,
		Version: version(),
		Stderr:  p.stderr,
		Log:     p.log(),
		Clock:   p.clock,
	}
}

// readInput returns all of standard input.
func readInput(stdin io.Reader) ([]byte, error) {
	in, err := io.ReadAll(io.LimitReader(stdin, maxInput))
	if err != nil {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	if len(in) == maxInput {
		return nil, errors.New("standard input is too long: 64 KiB or more")
	}
	return in, nil
}
