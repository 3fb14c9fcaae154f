package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/configure"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// configureFlags are the flags of configure and unconfigure.
type configureFlags struct {
	podman, public, dryRun, yes, json, callSTS *bool
	profile                                    *string
}

func configureCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "configure [--podman] [--public] [--profile NAME] [--call-sts] [--dry-run] [--yes] [--json] [REGISTRY...]",
		Short: "add registries to Docker's configuration",
		Long: `Adds registries to credHelpers in Docker's config.json, so that docker uses this helper for them. Removes the
passwords that an earlier docker login stored there for the same registries. Changes nothing else in the file, and
does not edit a file that docker refuses.

A registry is a host, a URL or the name of an image. Without registries, configure proposes those that it finds: in
stored logins, in the images of the local engine, in the compose files and Dockerfiles of the current directory, the
registry of the current AWS credentials, and that of each SSO profile in the region of the profile. On a terminal it
prompts before it adds them. Without a terminal it adds them with --yes only. Registries that are named are added
without a prompt.

Each registry gets the AWS profile of its account. The AWS files name the account of a profile that uses SSO, a role
or "aws login". For the others, configure asks STS, once for each profile, if you agree: on a terminal it prompts,
else --call-sts means yes. The first of these decides:

    1. --profile
    2. the profile in an existing entry, if the AWS files have it
    3. the profile or role of a rule in the settings
    4. the default credentials, if they are of the account: no profile is needed
    5. AWS_PROFILE, if it is of the account
    6. the only profile of the account
    7. of several profiles, the one that you choose on a terminal, else the first in the AWS files, with a warning

A link docker-credential-ecr-login-NAME beside the program, or in another directory of PATH that is yours, names the
profile. If no such directory is writable, a rule at the end of the settings file names it.

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
		profile: c.Flags().String("profile", "", "use the AWS profile `NAME` for the registries"),
		dryRun:  c.Flags().Bool("dry-run", false, "change nothing, print what would change"),
		callSTS: c.Flags().Bool("call-sts", false, "ask STS for the account of each profile whose account the AWS files do not name"),
		yes:     c.Flags().Bool("yes", false, "add the registries that are found, and do not prompt"),
		json:    jsonFlag(c),
	}
	_ = c.RegisterFlagCompletionFunc("profile", completeProfiles)
	c.RunE = func(c *cobra.Command, args []string) error {
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
		pending, found, err := s.Find(ctx, ".")
		for _, f := range pending {
			hosts = append(hosts, f.Registry)
		}
		switch {
		case err != nil:
			return err
		case !found:
			return advised{
				errors.New("found no Amazon ECR registry in logins, images, compose files, Dockerfiles and SSO profiles"),
				"name one: " + progname.Program + " configure " + s.Example(),
			}
		case len(hosts) == 0:
			if err := p.printResult(s.Proposal(), *f.json); err != nil {
				return err
			}
			return p.printProblems(s.Proposal())
		}
		if err := p.confirm(s, f); err != nil {
			return err
		}
	}
	result, err := s.Configure(ctx, hosts)
	if err := p.finishConfigure(result, err, *f.json); err != nil {
		return err
	}
	if result.Changed() && !*f.json && !*f.dryRun {
		p.out.stdout.Printf("%s\n", p.out.named("check it: "+progname.Program+" doctor"))
	}
	return nil
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
		AWS:        awsconfig.Load(awsconfig.Input{}),
		Caller: func(ctx context.Context, profile string) (configure.Caller, error) {
			caller, err := p.helperFor(profile).Caller(ctx, "")
			var e *ecrlogin.Error
			if errors.As(err, &e) && e.Kind == token.NoCredentials {
				err = fmt.Errorf("%w: %w", configure.ErrNoCredentials, err)
			}
			return configure.Caller{Account: caller.Account, Registry: caller.Registry(settings.Parser())}, err
		},
		MayCallSTS: p.mayCallSTS(f),
		Choose:     p.choose(f),
	})
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

// printWarnings prints the warnings of a result that were not printed before.
func (p *process) printWarnings(r *configure.Result) {
	for _, warning := range r.Warnings[p.warned:] {
		p.out.problem(fmt.Errorf("warning: %w", warning), hint(warning))
	}
	p.warned = len(r.Warnings)
}

// printProblems prints the warnings and errors of a result.
func (p *process) printProblems(r *configure.Result) error {
	p.printWarnings(r)
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
