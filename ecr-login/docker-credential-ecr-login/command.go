package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/nearest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// misuse is a usage error: the command prints its cause and how to call the command.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

// exitCode is an error that ends the program with that code. What there is to print has been
// printed.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// The groups of commands in the help.
const (
	forPeople  = "people"
	forClients = "clients"
)

// newRoot returns the tree of commands, from which help, manual page and completions are generated.
func newRoot(p *process) *cobra.Command {
	root := &cobra.Command{
		Use:           progname.Program,
		Long:          about,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          p.unknownCommand,

		SuggestionsMinimumDistance: 2, // cobra's default, which it does not set for SuggestionsFor
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "help [COMMAND]", RunE: p.help})
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { fmt.Fprint(p.out.stdout, p.out.named(helpText(c))) })
	root.SetFlagErrorFunc(flagError)
	root.SetIn(p.stdin)
	root.SetOut(p.out.stdout)
	root.SetErr(p.out.stderr)
	root.AddGroup(
		&cobra.Group{ID: forPeople, Title: "Commands"},
		&cobra.Group{ID: forClients, Title: "Commands that container clients run; they read standard input"},
	)
	for _, c := range []*cobra.Command{
		configureCommand(p),
		unconfigureCommand(p),
		uninstallCommand(p),
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
		p.add(root, c)
	}
	for _, c := range newProtocolCommands(p) {
		c.GroupID = forClients
		p.add(root, c)
	}
	suggestFor := map[string][]string{
		"configure":   {"config", "init", "install", "login", "setup"},
		"unconfigure": {"remove"},
		"cache":       {"logout", "clear", "ls"},
		"doctor":      {"check", "diagnose", "status", "test"},
		"explain":     {"show", "why", "whoami"},
	}
	for _, c := range root.Commands() {
		c.SuggestFor = suggestFor[c.Name()]
	}
	return root
}

// placeholder is the annotation of a flag with the name of its value, as in --profile NAME.
const placeholder = "placeholder"

// add adds a command to another one, with what all commands have in common.
func (p *process) add(parent, c *cobra.Command) {
	c.DisableFlagsInUseLine = true
	if c.Args == nil {
		c.Args = arguments(0, 0, "no arguments")
	}
	c.Flags().BoolP("help", "h", false, "print this text")
	c.Flags().SortFlags = false
	c.Flags().VisitAll(func(f *pflag.Flag) {
		// Shells show the text in completions, where the backquotes around the name of the value
		// are noise.
		var name string
		name, f.Usage = pflag.UnquoteUsage(f)
		f.Annotations = map[string][]string{placeholder: {name}}
	})
	if run := c.RunE; run != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			if err := emptyFlag(c); err != nil {
				return err
			}
			return p.budget.run(c.Name(), func() error { return run(c, args) })
		}
	}
	parent.AddCommand(c)
}

// emptyFlag returns an error for a flag with an empty value, such as that of an environment variable
// that is not set.
func emptyFlag(c *cobra.Command) (err error) {
	c.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" {
			err = misuse{fmt.Errorf("--%s is empty", f.Name)}
		}
	})
	return err
}

// arguments returns a check for a command with min to max arguments (-1: any number). what names
// them in the error.
func arguments(min, max int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < min || max >= 0 && len(args) > max {
			return misuse{fmt.Errorf("%s takes %s", c.Name(), what)}
		}
		return nil
	}
}

// jsonFlag adds the flag for output that programs can read.
func jsonFlag(c *cobra.Command) *bool {
	return c.Flags().Bool("json", false, "print JSON")
}

// flagError returns a usage error that suggests the flag that was probably meant.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return misuse{err}
	}
	var known []string
	if !c.HasParent() {
		known = append(known, "version") // see run
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	})
	// Of -kubelet the flags package reads the short flags k, u, b and so on.
	typed := cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName())
	if near := nearest.Word(typed, known); near != "" {
		return misuse{advised{err, "did you mean --" + near + "?"}}
	}
	return misuse{err}
}

// command runs everything except the protocol's commands without flags.
func (p *process) command(ctx context.Context, args []string) int {
	// Without a handler the system would end the program when it writes to a closed pipe. Programs
	// that it starts do not inherit the handler, as they would inherit an ignored signal.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	root := newRoot(p)
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	var code exitCode
	var m misuse
	writeError := p.out.stdout.Err()
	switch {
	case err == nil || writeError != nil && errors.Is(err, writeError):
		return p.out.exitCode(0)
	case errors.As(err, &code):
		return p.out.exitCode(int(code))
	case errors.As(err, &m) && c == root:
		p.out.problem(m, hint(m))
		return p.out.usage()
	case errors.As(err, &m):
		return p.out.usageError(m, useLines(c))
	}
	return p.out.problem(err, hint(err))
}

// unknownCommand prints the usage, as the protocol requires, and suggests a command.
func (p *process) unknownCommand(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		suggestion := ""
		if near := c.SuggestionsFor(args[0]); args[0] != "" && len(near) > 0 {
			suggestion = "did you mean " + strings.Join(near, " or ") + "?"
		}
		p.out.problem(fmt.Errorf("unknown command %q", args[0]), suggestion)
	}
	return exitCode(p.out.usage())
}

// help prints the help of the command or topic in args, or that of the program.
func (p *process) help(c *cobra.Command, args []string) error {
	if len(args) == 1 && topics[args[0]] != nil {
		fmt.Fprint(p.out.stdout, topics[args[0]]())
		return nil
	}
	about, rest, err := c.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return p.unknownCommand(c.Root(), args)
	}
	fmt.Fprint(p.out.stdout, p.out.named(helpText(about)))
	return nil
}
