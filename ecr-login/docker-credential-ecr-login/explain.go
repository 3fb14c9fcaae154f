package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
)

const explainUsage = `Usage: docker-credential-ecr-login explain [--json] REGISTRY
`

// explain prints how a get for the registry would come about, without asking anybody. It exits with 1 when a get
// would fail before it asks.
func explain(ctx context.Context, helper *ecrlogin.Helper, args []string, out output) int {
	asJSON := false
	var names []string
	for _, arg := range args {
		switch {
		case arg == "--json":
			asJSON = true
		case arg == "-h" || arg == "--help":
			fmt.Fprint(out.stdout, explainUsage)
			return 0
		case strings.HasPrefix(arg, "-"):
			return out.mistake(fmt.Sprintf("explain knows no flag %q", arg), explainUsage)
		default:
			names = append(names, arg)
		}
	}
	if len(names) != 1 {
		return out.mistake("explain takes one registry", explainUsage)
	}
	x := helper.Explain(ctx, names[0])
	if asJSON {
		e := json.NewEncoder(out.stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(x); err != nil {
			return out.failure(err)
		}
	} else {
		printExplanation(out.stdout, x, time.Now())
	}
	if x.Verdict == ecrlogin.Fail {
		return 1
	}
	return 0
}

func printExplanation(w io.Writer, x ecrlogin.Explanation, now time.Time) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
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
	case x.Settings == "":
		row("settings", "no file")
	case x.Line == 0:
		row("settings", "%s, no rule matches", x.Settings)
	default:
		row("settings", "%s:%d, match = %q", x.Settings, x.Line, x.Match)
	}
	if x.Source != "" {
		row("credentials", "%s", x.Source)
		row("profile", "%s", orNone(x.Profile))
		row("role", "%s", orNone(x.RoleARN))
	}
	if x.ECR != "" {
		row("calls", "ECR at %s", x.ECR)
		if x.STS != "" {
			row("", "STS at %s", x.STS)
		}
	}
	printCache(row, x, now)
	row("so get would", "%s: %s", words[x.Verdict], x.Why)
	t.Flush()
}

func printCache(row func(string, string, ...any), x ecrlogin.Explanation, now time.Time) {
	switch c := x.Cache; {
	case c.Trouble != "":
		row("cache", "%s", strings.TrimSpace(c.Folder+" "+c.Trouble))
	case !c.Exists:
		row("cache", "%s, not there yet", c.Folder)
	default:
		row("cache", "%s, sealed with a key in %s", c.Folder, orNone(c.Sealing))
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
