package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
)

func explainCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "explain [--json] REGISTRY",
		Short: "tell how a get for a registry would come about",
		Long: `Tells, without asking anybody, what a get for the registry would do now and why: the registry, the rule of
the settings, the source of the credentials, the endpoints, and what the cache holds. Exits with 1 when a get
would fail before it asks; that there are no credentials for a registry that is not ECR is no failure.`,
		Example: `    docker-credential-ecr-login explain 123456789012.dkr.ecr.eu-west-1.amazonaws.com`,
		Args:    arguments(1, 1, "one registry"),

		ValidArgsFunction: p.completeRegistries(1),
	}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		x := p.helper().Explain(c.Context(), args[0])
		if *asJSON {
			if err := p.out.stdout.JSON(x); err != nil {
				return err
			}
		} else {
			printExplanation(p.out, x, time.Now())
		}
		if x.Verdict == ecrlogin.Fail {
			return exitCode(1)
		}
		return nil
	}
	return c
}

func printExplanation(out output, x ecrlogin.Explanation, now time.Time) {
	var rows [][]string
	row := func(name, format string, args ...any) {
		rows = append(rows, []string{name, fmt.Sprintf(format, args...)})
	}
	row("get", "%s", x.ServerURL)
	if r := x.Registry; r != nil {
		kind := "plain"
		switch {
		case r.FIPS && r.DualStack:
			kind = "FIPS, dual-stack"
		case r.FIPS:
			kind = "FIPS"
		case r.DualStack:
			kind = "dual-stack"
		}
		if r.Account == "" {
			row("registry", "ECR Public, asked in %s, %s", r.Region, kind)
		} else {
			row("registry", "account %s, region %s, partition %s, %s", r.Account, r.Region, r.Partition, kind)
		}
	}
	if x.Alias != "" {
		row("alias of", "%s", x.Alias)
	}
	switch {
	case x.Settings == "" && x.Registry == nil && x.Verdict == ecrlogin.Fail: // the verdict says what is wrong with it
	case x.Settings == "":
		row("settings", "no file")
	case x.Line == 0:
		row("settings", "%s, no rule matches", x.Settings)
	default:
		row("settings", "%s:%d, match = %q", x.Settings, x.Line, x.Match)
	}
	if x.Source != "" {
		row("credentials", "%s", wording.Source(awsconfig.Kind(x.Source), "", x.ProfileRole))
		row("profile", "%s", orNone(x.Profile))
		switch {
		case x.RoleARN == "" && x.ProfileRole:
			row("role", "that of the profile")
		default:
			row("role", "%s", orNone(x.RoleARN))
		}
	}
	if x.ECR != "" {
		row("calls", "ECR at %s", x.ECR)
		if x.STS != "" {
			row("", "STS at %s", x.STS)
		}
	}
	printCache(row, x, now)
	row("so get would", "%s: %s", words[x.Verdict], x.Why)
	out.stdout.Table(rows, nil)
}

func printCache(row func(string, string, ...any), x ecrlogin.Explanation, now time.Time) {
	switch c := x.Cache; {
	case c.Problem != "":
		row("cache", "%s", strings.TrimSpace(c.Dir+" "+c.Problem))
	case !c.Exists:
		row("cache", "%s, not there yet", c.Dir)
	default:
		row("cache", "%s, sealed with a key in %s", c.Dir, orNone(c.KeyStore))
	}
	switch {
	case x.State == "":
	case x.Expires.IsZero() && x.Reason != x.State:
		row("entry", "%s: %s", x.State, x.Reason)
	case x.Expires.IsZero():
		row("entry", "%s", x.State)
	default:
		row("entry", "%s, refreshed from %s on, ends %s (in %s)", x.State,
			x.Refresh.Format(time.RFC3339), x.Expires.Format(time.RFC3339), x.Expires.Sub(now).Round(time.Minute))
	}
}

// words are what a get would do, as a person says it.
var words = map[ecrlogin.Verdict]string{
	ecrlogin.ServeLogin:  "serve the stored login",
	ecrlogin.ServeToken:  "serve the cached token",
	ecrlogin.Refresh:     "renew the cached token, or serve it",
	ecrlogin.AskAWS:      "ask AWS",
	ecrlogin.AskFallback: "ask the fallback helper",
	ecrlogin.NotFound:    "say that there are no credentials",
	ecrlogin.Fail:        "fail",
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
