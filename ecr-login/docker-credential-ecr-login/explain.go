package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/doctor"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

func explainCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "explain [--profile PROFILE] [--json] REGISTRY",
		Short: "show which credentials a registry would use, and why",
		Long: `Shows what a get for the registry would do now and why: what docker runs for it, the rule of the settings,
the source of the AWS credentials, the endpoints, and what the cache has. It makes no request. The profile is
the one in the name of the helper that docker runs for the registry; --profile replaces it. Exits with 1 when
a get would fail before its first request. A registry that is not ECR has no credentials, which is no failure.`,
		Example: `    docker-credential-ecr-login explain 123456789012.dkr.ecr.eu-west-1.amazonaws.com`,
		Args:    arguments(1, 1, "one registry"),

		ValidArgsFunction: p.completeRegistries(1),
	}
	profile := c.Flags().String("profile", "", "the AWS `PROFILE` to use")
	_ = c.RegisterFlagCompletionFunc("profile", completeProfiles)
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		x := explanation{Explanation: p.helperFor(p.profileFor(*profile, args[0])).Explain(c.Context(), args[0])}
		if host, err := registry.Host(args[0]); err == nil {
			entry := p.out.namedFix(doctor.Entry(host))
			x.Docker = &entry
		}
		if *asJSON {
			if err := p.out.stdout.JSON(x); err != nil {
				return err
			}
		} else {
			p.out.stdout.Table(x.rows(time.Now()), nil)
		}
		if x.Verdict == ecrlogin.Fail {
			return exitCode(1)
		}
		return nil
	}
	return c
}

// An explanation is what explain prints: what this program does for the registry, and whether
// docker runs it.
type explanation struct {
	ecrlogin.Explanation
	Docker *doctor.Finding `json:"docker,omitempty"`
}

// rows returns the explanation as a table.
func (x explanation) rows(now time.Time) [][]string {
	var rows [][]string
	row := func(name, format string, args ...any) {
		rows = append(rows, []string{name, fmt.Sprintf(format, args...)})
	}
	row("registry", "%s", x.ServerURL)
	if x.Registry != nil {
		row("", "%s", registryText(*x.Registry))
	}
	if x.Alias != "" {
		row("alias of", "%s", x.Alias)
	}
	if x.Docker != nil {
		row("docker", "%s", x.Docker.Fact)
	}
	switch {
	case x.Settings == "" && x.Registry == nil && x.Verdict == ecrlogin.Fail: // the last row has the error
	case x.Settings == "":
		row("settings", "no settings file")
	case x.Line == 0:
		row("settings", "%s, no rule matches", x.Settings)
	default:
		row("settings", "%s:%d, match = %q", x.Settings, x.Line, x.Match)
	}
	if x.Source != "" {
		row("credentials", "%s", wording.Source(awsconfig.Kind(x.Source), "", x.ProfileRole))
		for _, code := range x.Unused {
			row("not used", "%s", wording.Source(awsconfig.Kind(code), "", false))
		}
		row("profile", "%s", orNone(x.Profile))
		switch {
		case x.RoleARN == "" && x.ProfileRole:
			row("role", "the one of the profile")
		default:
			row("role", "%s", orNone(x.RoleARN))
		}
	}
	if x.ECR != "" {
		row("endpoints", "ECR at %s", x.ECR)
		if x.STS != "" {
			row("", "STS at %s", x.STS)
		}
	}
	x.cacheRows(row, now)
	row("get would", "%s: %s", verdicts[x.Verdict], x.Why)
	return rows
}

func (x explanation) cacheRows(row func(string, string, ...any), now time.Time) {
	switch c := x.Cache; {
	case c.Problem != "":
		row("cache", "%s", strings.TrimSpace(c.Dir+" "+c.Problem))
	case !c.Exists:
		row("cache", "%s, does not exist yet", c.Dir)
	default:
		row("cache", "%s, encrypted with a key in %s", c.Dir, orNone(c.KeyStore))
	}
	switch {
	case x.State == "":
	case x.Expires.IsZero() && x.Reason != x.State:
		row("entry", "%s: %s", x.State, x.Reason)
	case x.Expires.IsZero():
		row("entry", "%s", x.State)
	default:
		row("entry", "%s, refreshed from %s, expires %s (in %s)", x.State,
			x.Refresh.Format(time.RFC3339), x.Expires.Format(time.RFC3339), x.Expires.Sub(now).Round(time.Minute))
	}
}

// registryText returns the parts of a registry's name.
func registryText(r registry.Registry) string {
	text := fmt.Sprintf("account %s, region %s, partition %s", r.Account, r.Region, r.Partition)
	if r.Service == registry.Public {
		text = "ECR Public, API in region " + r.Region
	}
	if r.FIPS {
		text += ", FIPS"
	}
	if r.DualStack {
		text += ", dual-stack"
	}
	return text
}

// verdicts are the texts of the codes.
var verdicts = map[ecrlogin.Verdict]string{
	ecrlogin.ServeLogin:   "return the stored login",
	ecrlogin.ServeToken:   "return the cached token",
	ecrlogin.Refresh:      "refresh the cached token, or return it",
	ecrlogin.RequestToken: "request a token from AWS",
	ecrlogin.CallFallback: "call the fallback helper",
	ecrlogin.NotFound:     "find no credentials",
	ecrlogin.Fail:         "fail",
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
