package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

// What the shell completes without asking anybody.

// completeRegistries completes up to max registries (-1: any number) with those that are known here.
func (p *process) completeRegistries(max int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if max >= 0 && len(args) >= max {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var list []cobra.Completion
		for _, host := range p.registries().Hosts() {
			if strings.HasPrefix(host, word) && !slices.Contains(args, host) {
				list = append(list, host)
			}
		}
		return list, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeRegions completes a region with those of the known registries.
func (p *process) completeRegions(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	r := p.registries()
	for _, host := range r.Hosts() {
		if k, err := r.Helper(host).Status(host); err == nil && strings.HasPrefix(k.Registry.Region, word) {
			list = append(list, k.Registry.Region)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), cobra.ShellCompDirectiveNoFileComp
}

// maxAWSFile is larger than any AWS configuration file in use.
const maxAWSFile = 16 << 20

// completeProfiles completes a profile with those of the AWS files.
func completeProfiles(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	for _, file := range []struct{ variable, name string }{
		{"AWS_CONFIG_FILE", "config"}, {"AWS_SHARED_CREDENTIALS_FILE", "credentials"},
	} {
		path := os.Getenv(file.variable)
		if home, err := os.UserHomeDir(); path == "" && err == nil {
			path = filepath.Join(home, ".aws", file.name)
		}
		text, err := regularfile.Read(path, maxAWSFile)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			rest, heading := strings.CutPrefix(strings.TrimSpace(line), "[")
			name, _, ended := strings.Cut(rest, "]")
			if !heading || !ended {
				continue
			}
			section := strings.Fields(name)
			switch {
			case len(section) == 2 && section[0] == "profile":
				name = section[1]
			case len(section) != 1:
				continue // sso-session, services
			}
			if name = strings.TrimSpace(name); strings.HasPrefix(name, word) {
				list = append(list, name)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list), cobra.ShellCompDirectiveNoFileComp
}
