// Command ecrtest runs the fake AWS of package ecrtest for programs in any language: the ECR and
// STS APIs, the metadata services, and a registry, with and without TLS.
//
//	ecrtest [flags] COMMAND [ARGUMENT...]   runs a command with the fake's environment, and stops when it ends
//	ecrtest [flags]                         prints the environment and runs until SIGTERM or Ctrl-C
//
// The environment contains AWS credentials, the endpoints of the fake, and variables named
// ECRTEST_*: the addresses of the registry, the file of the certificate authority, and the URL of
// the control API, which sets faults, denials and the clock over HTTP. docs/ecrtest.md has recipes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the flags of the command line.
type options struct {
	server      ecrtest.Options
	controlAddr string
	format      string
	source      string
	proxy       bool
	verbose     bool
	require     bool
	immutable   bool
	command     []string
}

// commandGrace is the time that a command has to end after SIGTERM before it is killed.
const commandGrace = 10 * time.Second

func run(ctx context.Context, args []string, stdin io.Reader, stdout io.WriteCloser, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2 // flag has printed the error
	}
	code, err := serve(ctx, o, stdin, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "ecrtest: %v\n", err)
	}
	return code
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("ecrtest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "Usage: ecrtest [flags] [COMMAND [ARGUMENT...]]\n\nRuns a fake AWS with an ECR registry. Without a command it prints the environment to use\nand runs until SIGTERM or Ctrl-C.\n\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&o.server.Addr, "addr", "127.0.0.1:0", "`address` of the APIs and the registry without TLS")
	flags.StringVar(&o.server.TLSAddr, "tls-addr", "127.0.0.1:0", "`address` of the APIs and the registry with TLS")
	flags.StringVar(&o.server.ProxyAddr, "proxy-addr", "127.0.0.1:0", "`address` of the proxy that answers for AWS's host names")
	flags.StringVar(&o.controlAddr, "control-addr", "127.0.0.1:0", "`address` of the control API")
	flags.StringVar(&o.server.Host, "host", "", "host `name` in all URLs, for clients in containers")
	flags.StringVar(&o.server.Dir, "dir", "", "`directory` for the certificate and the AWS files (default a temporary one)")
	flags.StringVar(&o.format, "env", "sh", "`format` of the printed environment: sh, json or compose (an env_file)")
	flags.StringVar(&o.source, "source", string(ecrtest.FromEnvironment), "`source` of the credentials: environment, file, role, sso, process, ecs, ec2, …")
	flags.BoolVar(&o.proxy, "proxy", false, "set HTTPS_PROXY and AWS_CA_BUNDLE in place of AWS_ENDPOINT_URL")
	flags.BoolVar(&o.require, "require-repositories", false, "refuse a push to a repository that was not created")
	flags.BoolVar(&o.immutable, "immutable-tags", false, "create repositories with immutable tags")
	flags.BoolVar(&o.verbose, "v", false, "print a line to standard error for each request")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.command = flags.Args()
	if printers[o.format] == nil {
		err = fmt.Errorf("invalid value %q for flag -env: want sh, json or compose", o.format)
		fmt.Fprintf(stderr, "ecrtest: %v\n", err)
	}
	return o, err
}

// serve starts the fake and runs until the command ends or the context is done.
func serve(ctx context.Context, o options, stdin io.Reader, stdout io.WriteCloser, stderr io.Writer) (code int, err error) {
	if o.server.Dir == "" {
		if o.server.Dir, err = os.MkdirTemp("", "ecrtest-"); err != nil {
			return 1, err
		}
		defer os.RemoveAll(o.server.Dir)
	} else if o.server.Dir, err = filepath.Abs(o.server.Dir); err != nil {
		return 1, err
	}
	if o.verbose {
		o.server.Log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	server, err := ecrtest.Start(o.server)
	if err != nil {
		return 1, err
	}
	defer server.Close()
	server.SetRequireRepositories(o.require)
	server.SetImmutableTags(o.immutable)
	control, err := startControl(server, o.controlAddr, o.server.Host)
	if err != nil {
		return 1, err
	}
	defer control.close()
	env, err := environment(server, o)
	if err != nil {
		return 1, err
	}
	env = append(env, variable{"ECRTEST_CONTROL_URL", control.url})
	if len(o.command) > 0 {
		return runCommand(ctx, o.command, env, stdin, stdout, stderr)
	}
	env = append(env, variable{"ECRTEST_PID", fmt.Sprint(os.Getpid())})
	if err := printers[o.format](stdout, env); err != nil {
		return 1, fmt.Errorf("printing the environment: %w", err)
	}
	stdout.Close() // ends the $( ) of a shell, while this process runs on
	<-ctx.Done()
	return 0, nil
}

// runCommand runs a command with the fake's environment added to the caller's, and returns its exit
// code.
func runCommand(ctx context.Context, command []string, env []variable, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = os.Environ()
	for _, v := range env {
		cmd.Env = append(cmd.Env, v.name+"="+v.value)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = commandGrace
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, fmt.Errorf("running %s: %w", command[0], err)
	}
	return 0, nil
}
