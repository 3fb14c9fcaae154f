// Command bench measures the cost of a run of the credential helper and writes docs/benchmarks.md.
//
//	go run ./bench -helper PATH [-peer PATH]... -out docs/benchmarks.md
//
// Every figure stands beside one to compare it with. The command runs whole processes, as a
// container client does, against the fake AWS of package ecrtest: this helper, an empty Go program
// built on the spot, the other helpers given with -peer, and the AWS command line when it is
// installed. It checks each answer. The document says for each target whether it holds. Targets
// that need another helper are about the first peer; further peers, such as another build of the
// first, are shown beside it.
//
// Limits: loopback is not a network, the fake AWS is not AWS, and ratios carry over to another
// machine better than milliseconds do. The command needs Go. It counts system calls when strace is
// installed, and memory on Linux. It fails when something could not be measured, not when a target
// is missed. -runs 10 gives a quick look.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// options are the flags of the command line.
type options struct {
	helper, out string
	peers       []string
	runs        int
}

func run(ctx context.Context, args []string, log io.Writer) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.StringVar(&o.helper, "helper", "bin/docker-credential-ecr-login", "the helper's `binary`")
	flags.Func("peer", "another helper's `binary` to compare with; may be given again", func(path string) error {
		o.peers = append(o.peers, path)
		return nil
	})
	flags.StringVar(&o.out, "out", "docs/benchmarks.md", "the `file` to write")
	flags.IntVar(&o.runs, "runs", 200, "interleaved `runs` of each program in a measurement")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || o.runs < 1 {
		flags.Usage()
		return errors.New("unexpected argument, or -runs is less than 1")
	}
	r, err := measure(ctx, o, log)
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, document(r), 0o644)
}

// bench is one run of this command: the fake AWS, the programs, a directory for all homes.
type bench struct {
	ctx      context.Context
	server   *ecrtest.Server
	dir      string
	question string   // path of a file with the server URL that every program gets
	stderr   *os.File // standard error of all programs
	log      io.Writer
	runs     int

	empty, ours, cli *program // cli is nil when the AWS command line is missing
	peers            []*program
}

func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(b.log, "bench: "+format+"\n", args...)
}

// rounds returns the number of rounds for a measurement whose runs take long.
func (b *bench) rounds(divisor, least int) int { return max(b.runs/divisor, min(least, b.runs)) }
