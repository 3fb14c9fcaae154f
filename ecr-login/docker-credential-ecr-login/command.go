package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// A process is one run of the program, as its commands see it.
type process struct {
	name  string // as in os.Args[0]: it may carry a profile
	stdin io.Reader
	out   output

	// stderr is standard error as the process got it, for programs that it starts.
	stderr io.Writer

	clock cache.Clock // the machine's, unless a test says otherwise

	logOnce sync.Once
	logger  *slog.Logger
}

func (p *process) now() time.Time {
	if p.clock.Now != nil {
		return p.clock.Now()
	}
	return time.Now()
}

// helper is the library with what the process adds to it: the profile in its name, and its streams.
func (p *process) helper() *ecrlogin.Helper { return p.helperFor(progname.Profile(p.name)) }

// helperFor is helper with another profile; an empty one leaves it to rules and environment.
func (p *process) helperFor(profile string) *ecrlogin.Helper {
	return ecrlogin.New(p.options(profile))
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

// A misuse is a call that cannot be meant: it is answered with the cause and the command's usage.
type misuse struct{ error }

// exitCode as an error ends the program with that code and no more words: what there was to say has been said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

const (
	forClients = "clients"
	forPeople  = "people"
)

// newRoot is the tree of commands: help, man page and completions are made of it and of nothing else.
func newRoot(p *process) *cobra.Command {
	root := &cobra.Command{
		Use:           program,
		Long:          about,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          p.unknown,

		SuggestionsMinimumDistance: 2, // cobra's own default, which it sets on another path
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "help [COMMAND]", RunE: p.help})
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { fmt.Fprint(p.out.stdout, helpText(c)) })
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return misuse{err} })
	root.SetIn(p.stdin)
	root.SetOut(p.out.stdout)
	root.SetErr(p.out.stderr)
	root.AddGroup(
		&cobra.Group{ID: forClients, Title: "For container clients, which write to standard input"},
		&cobra.Group{ID: forPeople, Title: "For people"},
	)
	for _, c := range verbCommands(p) {
		c.GroupID = forClients
		add(root, c)
	}
	for _, c := range []*cobra.Command{
		configureCommand(p),
		unconfigureCommand(p),
		doctorCommand(p),
		explainCommand(p),
		passwordCommand(p),
		headerCommand(p),
		refreshCommand(p),
		cacheCommand(p),
		completionCommand(p),
		manCommand(p),
	} {
		c.GroupID = forPeople
		add(root, c)
	}
	return root
}

// add puts a command below another, with what holds for all of them.
func add(parent, c *cobra.Command) {
	c.DisableFlagsInUseLine = true
	if c.Args == nil {
		c.Args = arguments(0, 0, "no arguments")
	}
	c.Flags().BoolP("help", "h", false, "print this text")
	c.Flags().SortFlags = false
	parent.AddCommand(c)
}

// arguments lets a command take from min to max arguments (-1: any number), which what names.
func arguments(min, max int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < min || max >= 0 && len(args) > max {
			return misuse{fmt.Errorf("%s takes %s", c.Name(), what)}
		}
		return nil
	}
}

// jsonFlag adds the flag that asks for an answer which programs can read.
func jsonFlag(c *cobra.Command) *bool {
	return c.Flags().Bool("json", false, "print JSON")
}

// command runs the tree: all that is not a protocol's verb in its plain form.
func command(ctx context.Context, p *process, args []string) int {
	// Who writes to a closed pipe is ended by the system, unless somebody wants to hear of it. What commands start does
	// not inherit this, as it would a signal that is ignored.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	root := newRoot(p)
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	var code exitCode
	var m misuse
	lost := p.out.stdout.Err()
	switch {
	case err == nil || lost != nil && errors.Is(err, lost):
		return p.out.settled(0)
	case errors.As(err, &code):
		return p.out.settled(int(code))
	case errors.As(err, &m) && c == root:
		p.out.problem(m, "")
		return p.out.usage()
	case errors.As(err, &m):
		return p.out.mistake(m, useLines(c))
	}
	return p.out.problem(err, hint(err))
}

// unknown answers a call of no command: with the usage, as the protocol wants, and with a guess.
func (p *process) unknown(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		guess := ""
		if near := c.SuggestionsFor(args[0]); args[0] != "" && len(near) > 0 {
			guess = "did you mean " + strings.Join(near, " or ") + "?"
		}
		p.out.problem(fmt.Errorf("unknown command %q", args[0]), guess)
	}
	return exitCode(p.out.usage())
}

// help prints the text of the command named, or of the program.
func (p *process) help(c *cobra.Command, args []string) error {
	about, rest, err := c.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return p.unknown(c.Root(), args)
	}
	fmt.Fprint(p.out.stdout, helpText(about))
	return nil
}

// useLines says how a command, or each command below it, is called.
func useLines(c *cobra.Command) string {
	var b strings.Builder
	before := "Usage: "
	line := func(c *cobra.Command) {
		fmt.Fprintf(&b, "%s%s\n", before, c.UseLine())
		before = "       "
	}
	if !c.HasAvailableSubCommands() {
		line(c)
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			line(sub)
		}
	}
	return b.String()
}

// helpText is what --help prints.
func helpText(c *cobra.Command) string {
	var b strings.Builder
	if c.HasParent() {
		b.WriteString(useLines(c))
	} else {
		b.WriteString(usage)
	}
	fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(long(c)))
	for _, g := range c.Groups() {
		fmt.Fprintf(&b, "\n%s:\n", g.Title)
		for _, sub := range c.Commands() {
			if sub.GroupID == g.ID && sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "    %-20s%s\n", sub.Name(), sub.Short)
			}
		}
	}
	if f := flagLines(c); len(f) > 0 {
		b.WriteString("\nFlags:\n")
		for _, f := range f {
			fmt.Fprintf(&b, "    %-20s%s\n", f[0], f[1])
		}
	}
	if c.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	if !c.HasParent() {
		b.WriteString("\n" + afterwards)
	}
	return b.String()
}

// long is what a command does, at length.
func long(c *cobra.Command) string {
	if c.Long != "" {
		return c.Long
	}
	return c.Short
}

// flagLines are a command's flags as they are written, each with what it does.
func flagLines(c *cobra.Command) [][2]string {
	var lines [][2]string
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		value, text := pflag.UnquoteUsage(f)
		if value != "" {
			name += " " + value
		}
		lines = append(lines, [2]string{name, text})
	})
	return lines
}
