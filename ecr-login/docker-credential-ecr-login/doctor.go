package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/doctor"
	children "github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

func doctorCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor [--fix] [--profile PROFILE] [--kubelet] [--json] [REGISTRY[/REPOSITORY[:TAG|@DIGEST]]]",
		Short: "check everything between a client and a registry",
		Long: `Checks each step of a pull and prints one line for each: ✔ works, ! could be better, ✘ does not work, with
the fact and what to do about it. It checks the user, Docker's configuration, the program that Docker would
run, the settings, passwords stored in plain text and the cache. For a registry it checks its entry for docker
(and for podman, if podman has a file of its own), the credentials, the network, the clock and a token, and
opens the registry with it. With a repository it also checks the image and one of its layers, and names the
permission that is missing.

Without a registry it checks those for which Docker's configuration names this program, else the one of the
credentials' account and region. The profile is the one in the name of the helper that docker runs for the
registry; --profile replaces it. It ends within 20 seconds. Ctrl-C prints what is known so far. It exits with
0 when everything works; lines marked with ! do not count, unless something could not be checked.

With --fix it makes the changes that cannot do harm, and prints them: it deletes the tokens in plain text that
amazon-ecr-credential-helper left in its cache.json, removes logins of ECR registries that are not used any
more from the clients' files, and removes access for other users from a config.json with passwords and from
the cache directory.

With --kubelet it checks this Kubernetes node, best as root: the flags of the running kubelet, its
CredentialProviderConfig, and this program there. With an image it also checks matchImages, calls the
program as the kubelet does, and opens the registry with the answer.`,
		Example: `    docker-credential-ecr-login doctor 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1
    docker-credential-ecr-login doctor --fix
    docker-credential-ecr-login doctor --kubelet 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1`,
		Args:              arguments(0, 1, "at most one registry"),
		ValidArgsFunction: p.completeRegistries(1),
	}
	fix := c.Flags().Bool("fix", false, "fix what can be fixed without harm")
	profile := c.Flags().String("profile", "", "use this AWS `PROFILE`, not the one of docker's helper")
	_ = c.RegisterFlagCompletionFunc("profile", completeProfiles)
	node := c.Flags().Bool("kubelet", false, "check the kubelet of this node instead of docker")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		children.EndOnSignal(false)
		ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
		defer stop()
		o := doctor.Options{Helper: p.options(progname.Profile(p.name)), Profile: *profile, Kubelet: *node, Fix: *fix}
		if len(args) > 0 {
			o.Registry = args[0]
		}
		printer := findingPrinter{out: p.out.stdout, problems: map[problem]string{}}
		if !*asJSON {
			o.Report = func(f doctor.Finding) { printer.print(p.out.namedFix(f)) }
			o.Waiting = printer.wait
		}
		findings := doctor.Run(ctx, o)
		if *asJSON {
			for i, f := range findings {
				findings[i] = p.out.namedFix(f)
			}
			if err := p.out.stdout.JSON(findings); err != nil {
				return err
			}
		}
		printer.endSection()
		switch {
		case ctx.Err() != nil:
			return exitCode(interrupted)
		case !doctor.Healthy(findings), errors.Is(p.out.stdout.Err(), syscall.EPIPE):
			return exitCode(1)
		}
		return nil
	}
	return c
}

// namedFix returns a finding with the command lines of its fix as the user would type them.
func (o output) namedFix(f doctor.Finding) doctor.Finding {
	f.Fix = o.named(f.Fix)
	return f
}

// interrupted is the exit code of a program that Ctrl-C ended, as shells have it: 128 and SIGINT.
const interrupted = 130
