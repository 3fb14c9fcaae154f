package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/clients"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// dockerProfile returns the profile of the helper that docker runs for the registries of a region,
// or of all regions if none is set. It is empty when the environment chooses the credentials.
func dockerProfile(region string, public bool) string {
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID"} {
		if os.Getenv(name) != "" {
			return ""
		}
	}
	settings, err := config.Load(nil)
	if err != nil {
		return "" // the call fails with the same error
	}
	region = cmp.Or(region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
	return clients.Read(dockerconfig.Locator{}).CommonProfile(func(key string) bool {
		m, err := settings.Match(key)
		switch {
		case err != nil:
			return false
		case public || m.Registry.Service == registry.Public:
			return public && m.Registry.Service == registry.Public
		}
		return region == "" || m.Registry.Region == region
	})
}

func passwordCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "get-login-password [--region REGION] [--profile PROFILE] [--public]",
		Short: "print a password for docker login",
		Long: `Prints what "aws ecr get-login-password" prints, and with --public what "aws ecr-public get-login-password"
prints: a password, for the user name AWS, for every registry of a region that the AWS principal may use. It comes from
the cache while it is fresh, so scripts that run often cost few requests.

The region is that of --region, AWS_REGION, AWS_DEFAULT_REGION or the profile, in this order. Credentials are chosen as
in the AWS CLI: by --profile, AWS_PROFILE or an access key in the environment. Without these, the profile is the one in
the name of the helper that docker runs for the registries of the region, if it is the same for all of them. The rules
of the settings are for registries and do not apply. The AWS CLI's global options --output, --color and --no-cli-pager are accepted and
have no effect, as in the AWS CLI.`,
		Example: `    docker-credential-ecr-login get-login-password --region eu-west-1 |
        docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-west-1.amazonaws.com`,
	}
	f := c.Flags()
	region := f.String("region", "", "the AWS `REGION`")
	profile := f.String("profile", "", "the AWS `PROFILE`")
	endpoint := f.String("endpoint-url", "", "the `URL` of the ECR API, instead of AWS's own")
	public := f.Bool("public", false, "print a password for ECR Public")
	for _, name := range []string{"output", "color"} {
		f.String(name, "", "")
		_ = f.MarkHidden(name)
	}
	f.Bool("no-cli-pager", false, "")
	_ = f.MarkHidden("no-cli-pager")
	_ = c.RegisterFlagCompletionFunc("region", p.completeRegions)
	_ = c.RegisterFlagCompletionFunc("profile", completeProfiles)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *endpoint != "" {
			if err := config.CheckEndpoint(*endpoint); err != nil {
				return misuse{fmt.Errorf("--endpoint-url %w", err)}
			}
		}
		p.budget.pause() // the settings' timeout applies
		helper := p.helperFor(cmp.Or(*profile, progname.Profile(p.name), dockerProfile(*region, *public)))
		login, err := helper.GetForRegion(c.Context(), ecrlogin.Region{Name: *region, Public: *public, Endpoint: *endpoint})
		if errors.Is(err, ecrlogin.ErrNoRegion) {
			return advised{errors.New("no AWS region set"), "add --region REGION, or set AWS_REGION or a region in the profile"}
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.out.stdout, login.Password)
		return err
	}
	return c
}
