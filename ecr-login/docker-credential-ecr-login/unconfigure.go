package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/configure"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

func unconfigureCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "unconfigure [--podman] [--public] [--profile NAME] [--dry-run] [--json] [REGISTRY...]",
		Short: "undo the changes of configure",
		Long: `Removes the entries of credHelpers that "configure" wrote and restores those that it replaced. Every byte of the
files is then as it was before "configure". Files, directories, links and rules that "configure" created are removed.
What was changed by other means in the meantime stays. Passwords that "configure" removed are not restored.

With registries, unconfigure removes only those, even if they were added by hand. If the record of "configure" was
lost, unconfigure removes all entries that name this helper.`,
		Example: `    docker-credential-ecr-login unconfigure --dry-run
    docker-credential-ecr-login unconfigure 123456789012.dkr.ecr.eu-west-1.amazonaws.com`,
		Args:              arguments(0, -1, "registries"),
		ValidArgsFunction: p.completeConfigured,
	}
	f := configureFlags{
		podman:  c.Flags().Bool("podman", false, "also edit podman's files if no change of them is recorded"),
		public:  c.Flags().Bool("public", false, "remove both names of ECR Public"),
		profile: c.Flags().String("profile", "", "remove only entries for the AWS profile `NAME`"),
		dryRun:  c.Flags().Bool("dry-run", false, "change nothing, print what would change"),
		json:    jsonFlag(c),
	}
	_ = c.RegisterFlagCompletionFunc("profile", completeProfiles)
	c.RunE = func(_ *cobra.Command, args []string) error { return p.unconfigure(f, args) }
	return c
}

func (p *process) unconfigure(f configureFlags, args []string) error {
	s, err := p.newSession(f, *f.profile)
	if err != nil {
		return err
	}
	hosts, err := configure.HostsToRemove(args, *f.public)
	if err != nil {
		return err
	}
	result, err := s.Unconfigure(hosts)
	return p.finishConfigure(result, err, *f.json)
}

// completeConfigured completes registries with those that the clients use this helper for.
func (p *process) completeConfigured(_ *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	all := true
	s, err := p.newSession(configureFlags{podman: &all, dryRun: &all}, "")
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []cobra.Completion
	for _, host := range s.Configured() {
		if redact.UserInfo(host) == host && !slices.Contains(args, host) && strings.HasPrefix(host, word) {
			list = append(list, host)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}
