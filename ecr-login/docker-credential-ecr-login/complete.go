package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
)

// The completions of the shell come from files and the cache. They make no request.

const noFiles = cobra.ShellCompDirectiveNoFileComp

// matching returns the candidates that begin with a word. It omits candidates with characters that
// a shell cannot show.
func matching(candidates []string, word string) []cobra.Completion {
	var list []cobra.Completion
	for _, c := range candidates {
		if strings.HasPrefix(c, word) && terminal.Escape(c) == c {
			list = append(list, c)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// completeRegistries completes up to max registries (-1: any number) with the known ones.
func (p *process) completeRegistries(max int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if max >= 0 && len(args) >= max {
			return nil, noFiles
		}
		hosts := slices.DeleteFunc(p.registries("").Hosts(), func(host string) bool { return slices.Contains(args, host) })
		return matching(hosts, word), noFiles
	}
}

// completeRegions completes a region with those of the known registries.
func (p *process) completeRegions(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var regions []string
	r := p.registries("")
	for _, host := range r.Hosts() {
		if s, err := r.Helper(host).Status(host); err == nil {
			regions = append(regions, s.Registry.Region)
		}
	}
	return matching(regions, word), noFiles
}

// completeProfiles completes a profile with those of the AWS files.
func completeProfiles(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return matching(awsconfig.Load(awsconfig.Input{}).Profiles(), word), noFiles
}
