package main

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/refresh"
)

func headerCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "header [--profile PROFILE] [--curl] REGISTRY",
		Short: "print the Authorization header for a registry's HTTP API",
		Long: `Prints "Authorization: Basic ..." for a registry, and "Authorization: Bearer ..." for public.ecr.aws, which
accepts nothing else. With --curl it prints a configuration for curl, which keeps the secret off the command line,
where every user of the machine can read it.

curl sends the header to every URL on its command line, so use it only with URLs of that registry. Since version 7.58
curl does not send the header to another host after a redirect, such as the one to the storage of a layer. With --curl,
curl sends the header only over TLS, unless REGISTRY starts with http://.`,
		Example: `    curl -K <(docker-credential-ecr-login header --curl 123456789012.dkr.ecr.eu-west-1.amazonaws.com) \
        https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/tags/list`,
		Args:              arguments(1, 1, "one registry"),
		ValidArgsFunction: p.completeRegistries(1),
	}
	profile := c.Flags().String("profile", "", "the AWS `PROFILE` to use, instead of the one that docker uses")
	_ = c.RegisterFlagCompletionFunc("profile", completeProfiles)
	forCurl := c.Flags().Bool("curl", false, "print a configuration for curl -K")
	c.RunE = func(c *cobra.Command, args []string) error {
		p.budget.pause() // the settings' timeout applies
		helper := p.helperFor(p.profileFor(*profile, args[0]))
		status, err := helper.Status(args[0]) // not for the hosts of a fallback helper
		if err != nil {
			return fmt.Errorf("%s: %w", nameOf(args[0]), err)
		}
		login, err := helper.Get(c.Context(), args[0])
		if err != nil {
			return withPublicHint(err)
		}
		scheme := "Basic"
		if status.Registry.Account == "" {
			scheme = "Bearer" // kreuzwerker/terraform-provider-docker#666 shows both, and that Basic is refused
		}
		header := "Authorization: " + scheme + " " + base64.StdEncoding.EncodeToString([]byte(login.Username+":"+login.Password))
		if *forCurl {
			header = curlConfig(header, args[0])
		}
		_, err = fmt.Fprintln(p.out.stdout, header)
		return err
	}
	return c
}

// curlConfig returns a configuration for curl -K: one option per line, with the value in double
// quotes.
func curlConfig(header, serverURL string) string {
	config := `header = "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(header) + `"`
	if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(serverURL)), "http://") {
		config += "\n" + `proto = "=https"`
	}
	return config
}

// withPublicHint adds to a lack of credentials for ECR Public how to use it anonymously.
func withPublicHint(err error) error {
	if refresh.WithoutCredentials(err) {
		return advised{err, "to pull anonymously, send the token of https://public.ecr.aws/token/ as Authorization: Bearer"}
	}
	return err
}
