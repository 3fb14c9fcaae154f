package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

func passwordCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "get-login-password [--region REGION] [--profile PROFILE] [--public]",
		Short: "print the password that docker login wants, from the cache",
		Long: `Prints what "aws ecr get-login-password" prints, and with --public what "aws ecr-public get-login-password"
prints: a password for every registry of a region that the caller may reach, with the user name AWS. It comes
from the cache where that can be, so that scripts which ask often cost one call.

The region is that of --region, AWS_REGION, AWS_DEFAULT_REGION or the profile, in that order. The rules of the
settings are about registries and do not apply. The global options --output, --color and --no-cli-pager of the
AWS command line are accepted and change nothing, as there.`,
		Example: `    docker-credential-ecr-login get-login-password --region eu-west-1 |
        docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-west-1.amazonaws.com`,
	}
	f := c.Flags()
	region := f.String("region", "", "the AWS `REGION`")
	profile := f.String("profile", "", "the AWS `PROFILE` to ask as")
	endpoint := f.String("endpoint-url", "", "the `URL` of the ECR API, in place of AWS's own")
	public := f.Bool("public", false, "a password for ECR Public")
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
		helper := p.helperFor(cmp.Or(*profile, progname.Profile(p.name)))
		login, err := helper.GetForRegion(c.Context(), ecrlogin.Region{Name: *region, Public: *public, Endpoint: *endpoint})
		if errors.Is(err, ecrlogin.ErrNoRegion) {
			return advised{errors.New("no AWS region is set"), "give --region, or set AWS_REGION or a region in the profile"}
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.out.stdout, login.Password)
		return err
	}
	return c
}
