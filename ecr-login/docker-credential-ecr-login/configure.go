package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/configure"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
)

// configureFlags are the flags of configure and unconfigure.
type configureFlags struct {
	podman, public, dryRun, yes, json *bool
	profile                           *string
}

func configureCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "configure [--podman] [--public] [--profile NAME] [--dry-run] [--yes] [--json] [REGISTRY...]",
		Short: "add registries to Docker's configuration",
		Long: `Adds registries to credHelpers in Docker's config.json, so that docker uses this helper for them. Removes the
passwords that an earlier docker login stored there for the same registries. Changes nothing else in the file, and
does not edit a file that docker refuses.

A registry is a host, a URL or the name of an image. Without registries, configure proposes those that it finds: in
stored logins, in the images of the local engine, in the compose files and Dockerfiles of the current directory, and
the registry of the current AWS credentials.

The file is $DOCKER_CONFIG/config.json or ~/.docker/config.json. With --podman, configure also edits
$REGISTRY_AUTH_FILE or ~/.config/containers/auth.json. podman login stores passwords in another file, which is
deleted when the session ends; configure removes passwords from that file too.

"unconfigure" undoes the changes. For that, configure records them, without secrets, in ~/.local/state/ecr-login.`,
		Example: `    docker-credential-ecr-login configure --dry-run
    docker-credential-ecr-login configure 123456789012.dkr.ecr.eu-west-1.amazonaws.com
    docker-credential-ecr-login configure --profile prod 111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:1`,
		Args:              arguments(0, -1, "registries"),
		ValidArgsFunction: p.completeRegistries(-1),
	}
	f := configureFlags{
		podman:  c.Flags().Bool("podman", false, "also edit podman's auth.json, which skopeo and buildah read too"),
		public:  c.Flags().Bool("public", false, "add both names of ECR Public"),
		profile: c.Flags().String("profile", "", "create and use the helper for the AWS profile `NAME`"),
		dryRun:  c.Flags().Bool("dry-run", false, "change nothing, print what would change"),
		yes:     c.Flags().Bool("yes", false, "add the registries that are found, and do not prompt"),
		json:    jsonFlag(c),
	}
	_ = c.RegisterFlagCompletionFunc("profile", completeProfiles)
	c.RunE = func(c *cobra.Command, args []string) error {
		if c.Flags().Changed("profile") && *f.profile == "" {
			return misuse{errors.New("--profile is empty")} // an environment variable that is not set
		}
		return p.configure(c.Context(), f, args)
	}
	return c
}

func (p *process) configure(ctx context.Context, f configureFlags, args []string) error {
	s, err := p.newSession(f, cmp.Or(*f.profile, progname.Profile(p.name)))
	if err != nil {
		return err
	}
	hosts, err := s.Hosts(args, *f.public)
	if err != nil {
		return err
	}
	if len(hosts) == 0 {
		pending, found := s.Find(ctx, ".")
		for _, f := range pending {
			hosts = append(hosts, f.Registry)
		}
		switch {
		case !found:
			return advised{
				errors.New("found no Amazon ECR registry in logins, images, compose files and Dockerfiles"),
				"name one: " + progname.Program + " configure 123456789012.dkr.ecr.eu-west-1.amazonaws.com",
			}
		case len(hosts) == 0:
			return p.printResult(s.Proposal(), *f.json)
		}
		if err := p.confirm(s, f); err != nil {
			return err
		}
	}
	result, err := s.Configure(hosts)
	return p.finishConfigure(result, err, *f.json)
}

// newSession returns the session of configure or unconfigure for a profile.
func (p *process) newSession(f configureFlags, profile string) (*configure.Session, error) {
	settings, err := config.Load(nil)
	if err != nil {
		return nil, err
	}
	self, _ := os.Executable()
	return configure.New(configure.Options{
		Settings:   settings,
		Profile:    profile,
		Podman:     *f.podman,
		DryRun:     *f.dryRun,
		Args:       p.args,
		Executable: self,
		Caller: func(ctx context.Context) string {
			caller, err := p.helper().Caller(ctx, "")
			if err != nil {
				return ""
			}
			return caller.Registry(settings.Parser())
		},
		HasProfile: func(name string) bool {
			return slices.Contains(awsconfig.Load(awsconfig.Input{}).Profiles(), name)
		},
	})
}

// confirm prints the registries that were found and prompts for them.
func (p *process) confirm(s *configure.Session, f configureFlags) error {
	proposal := s.Proposal()
	if !*f.json {
		var rows [][]string
		for _, found := range proposal.Found {
			var where []string
			for _, place := range found.Where {
				where = append(where, place.Text(terminal.Quote))
			}
			rows = append(rows, []string{found.Registry, strings.Join(where, ", ")})
		}
		p.out.stdout.Table(rows, nil)
	}
	if *f.yes || *f.dryRun {
		return nil
	}
	if !p.canPrompt() {
		if *f.json {
			if err := p.out.stdout.JSON(proposal); err != nil {
				return err
			}
		}
		return advised{errors.New("nothing was changed: standard input is not a terminal"), "run again with --yes, or name the registries"}
	}
	p.out.stderr.Printf("Add %s to %s? [Y/n] ", theseRegistries(len(proposal.Found)), homePaths(s.Paths()))
	p.budget.pause()
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	p.budget.restart()
	if err != nil && err != io.EOF {
		return fmt.Errorf("cannot read the answer: %w", err)
	}
	switch answer := strings.ToLower(strings.TrimSpace(line)); {
	case answer == "y", answer == "yes", answer == "" && err == nil:
		return nil
	}
	return errors.New("nothing was changed")
}

// theseRegistries returns the object of the prompt.
func theseRegistries(n int) string {
	if n == 1 {
		return "this registry"
	}
	return fmt.Sprintf("these %d registries", n)
}

// homePaths returns paths for a prompt, with ~ for the home directory.
func homePaths(paths []string) string {
	home, err := os.UserHomeDir()
	var all []string
	for _, path := range paths {
		if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok && err == nil && home != "" {
			path = "~" + string(filepath.Separator) + rest
		}
		all = append(all, terminal.Quote(path))
	}
	return strings.Join(all, " and ")
}

// canPrompt reports whether a person can answer a prompt.
func (p *process) canPrompt() bool {
	return terminal.IsTerminal(p.stdin) && p.out.stderr.IsTerminal()
}

// finishConfigure prints the result of configure or unconfigure, its warnings and its errors.
func (p *process) finishConfigure(r *configure.Result, err error, asJSON bool) error {
	if err != nil {
		return err
	}
	if err := p.printResult(r, asJSON); err != nil {
		return err
	}
	return p.printProblems(r)
}

// printProblems prints the warnings and errors of a result.
func (p *process) printProblems(r *configure.Result) error {
	for _, warning := range r.Warnings {
		p.out.problem(fmt.Errorf("warning: %w", warning), hint(warning))
	}
	for _, failed := range r.Failed {
		p.out.problem(failed, hint(failed))
	}
	if len(r.Failed) > 0 {
		return exitCode(1)
	}
	return nil
}

// printResult prints the links, and each file with its entries or its diff.
func (p *process) printResult(r *configure.Result, asJSON bool) error {
	if asJSON {
		return p.out.stdout.JSON(r)
	}
	out := p.out.stdout
	created, removed := "created link", "removed link"
	if r.DryRun {
		created, removed = "would create link", "would remove link"
	}
	for _, link := range r.Created {
		out.Printf("%s %s\n", created, terminal.Quote(link))
	}
	for _, link := range r.Removed {
		out.Printf("%s %s\n", removed, terminal.Quote(link))
	}
	for _, f := range r.Files {
		if f.Diff != "" {
			fmt.Fprint(out, f.Diff)
			continue
		}
		suffix := ""
		switch {
		case f.Created:
			suffix = " (created)"
		case f.Removed:
			suffix = " (removed)"
		}
		out.Printf("%s%s\n", terminal.Quote(f.Path), suffix)
		var rows [][]string
		for _, entry := range f.Entries {
			rows = append(rows, []string{"  " + entry.Registry, entry.Text()})
		}
		p.out.stdout.Table(rows, nil)
	}
	if !r.Changed() && len(r.Failed) == 0 {
		out.Printf("nothing to change\n")
	}
	return nil
}
