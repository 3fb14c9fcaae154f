package main

import (
	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/doctor"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
)

func doctorCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor [--fix] [--json] [REGISTRY[/REPOSITORY[:TAG|@DIGEST]]]",
		Short: "check everything between a client and a registry",
		Long: `Walks the way of a pull and prints one line for each check: whether it holds (✔), could be better (!) or does
not hold (✘), the fact, and what to do about it. It looks at the program that Docker would run, the user, Docker's
configuration, passwords left in plain text, the settings and the cache; then, for the registry, at the entry
that applies for docker (and for podman, where it has a file of its own), the credentials, the network, the
clock and a token, and opens the registry with it. With a repository it also looks for the image and one of its
layers, and says which permission is missing.

Without a registry it looks at those for which Docker's configuration names this program, else at the one of
the account and region of the credentials. It ends within 20 seconds. It exits with 0 when all holds; what is
marked with ! does not count against that, unless it could not be checked.

With --fix it does what cannot hurt, and says so: it deletes the plain tokens that the existing helper left in
its cache.json, removes logins of ECR registries from the clients' files that are no longer used, and takes from
others the right to read a config.json with passwords in it or to write to the cache folder.`,
		Example: `    docker-credential-ecr-login doctor 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1
    docker-credential-ecr-login doctor --fix`,
		Args:              arguments(0, 1, "one registry at most"),
		ValidArgsFunction: p.completeRegistries(1),
	}
	fix := c.Flags().Bool("fix", false, "mend what can be mended without harm")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		o := doctor.Options{Helper: p.options(progname.Profile(p.name)), Fix: *fix}
		if len(args) > 0 {
			o.Registry = args[0]
		}
		findings := doctor.Run(c.Context(), o)
		if *asJSON {
			if err := p.out.stdout.JSON(findings); err != nil {
				return err
			}
		} else {
			printFindings(p.out, findings)
		}
		if !doctor.Healthy(findings) {
			return exitCode(1)
		}
		return nil
	}
	return c
}

// marks say in one character how a check came out, and in colour where that is wanted.
var marks = map[doctor.Status]struct {
	mark   string
	colour terminal.Colour
}{
	doctor.OK:      {"✔", terminal.Green},
	doctor.Warn:    {"!", terminal.Yellow},
	doctor.Fail:    {"✘", terminal.Red},
	doctor.Skipped: {"!", terminal.Yellow},
}

// printFindings prints a line for each finding, below a heading for each registry.
func printFindings(out output, findings []doctor.Finding) {
	registry := ""
	for _, f := range findings {
		if f.Registry != registry {
			registry = f.Registry
			out.stdout.Printf("\n%s\n", registry)
		}
		m := marks[f.Status]
		out.stdout.Printf("%s %-12s %s\n", terminal.Text{Colour: m.colour, String: m.mark}, f.Check, oneLine(f.Fact))
		if f.Fixed != "" {
			out.stdout.Printf("%15s%s\n", "", "fixed: "+oneLine(f.Fixed))
		}
		if f.Fix != "" {
			out.stdout.Printf("%15s%s\n", "", "fix: "+oneLine(f.Fix))
		}
	}
}
