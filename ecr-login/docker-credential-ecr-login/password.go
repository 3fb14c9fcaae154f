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
		Short: "print a password for docker login",
		Long: `Prints what "aws ecr get-login-password" prints, and with --public what "aws ecr-public get-login-password"
prints: a password, for the user name AWS, for every registry of a region that the AWS principal may use. It comes from
the cache while it is fresh, so scripts that run often cost few requests.

The region is that of --region, AWS_REGION, AWS_DEFAULT_REGION or the profile, in this order. The rules of the settings
are for registries and do not apply. The AWS CLI's global options --output, --color and --no-cli-pager are accepted and
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
		helper := p.helperFor(cmp.Or(*profile, progname.Profile(p.name)))
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
