// Command bench measures what a run of the credential helper costs, and writes docs/benchmarks.md and its charts.
//
//	go run ./ecr-login/e2e/bench -helper bin/docker-credential-ecr-login [-peer PATH]... -out docs/benchmarks.md
//
// Its promise: no figure without what it is to be compared with. Whole processes are run, as a container client
// runs them, against the fake AWS of package ecrtest; in turn with an empty Go program built on the spot, with
// other helpers when they are given, and with the AWS command line when that is installed. Each answer is checked.
// The document says of every target whether it holds: those that need another helper against the first one given.
// Further ones, such as another build of the first, stand beside it there and where a hit is told.
//
// Its limits: a loopback is no network, the fake AWS is no AWS, and ratios carry over to another machine better
// than milliseconds do. It needs Go; system calls are counted when strace is there, peak memory on Linux.
// It fails when something could not be measured, not when a target is missed. -runs 10 gives a quick look.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
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

// options are the command line.
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
	flags.StringVar(&o.out, "out", "docs/benchmarks.md", "the `file` to write; the charts go beside it")
	flags.IntVar(&o.runs, "runs", 200, "interleaved `runs` of each program in a measurement")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || o.runs < 1 {
		flags.Usage()
		return errors.New("what is asked for makes no sense")
	}
	r, err := measure(ctx, o, log)
	if err != nil {
		return err
	}
	for _, f := range append(charts(r), file{filepath.Base(o.out), document(r)}) {
		if err := os.WriteFile(filepath.Join(filepath.Dir(o.out), f.name), f.data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// file is one of those that are written.
type file struct {
	name string
	data []byte
}

// bench is one run of this program: the fake AWS, the programs, a folder for all homes.
type bench struct {
	ctx      context.Context
	server   *ecrtest.Server
	dir      string
	question string   // path of a file with the server URL that everybody is asked for
	stderr   *os.File // what the programs complain about
	log      io.Writer
	runs     int

	empty, ours, cli *program // the last may be nil
	peers            []*program
}

func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(b.log, "bench: "+format+"\n", args...)
}

// rounds is a share of the runs, where a run takes long.
func (b *bench) rounds(divisor, least int) int { return max(b.runs/divisor, min(least, b.runs)) }
