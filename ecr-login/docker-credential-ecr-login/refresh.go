package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/clients"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/contents"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	children "github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/refresh"
)

func refreshCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "refresh [--profile PROFILE] [--watch] [--json] [REGISTRY...]",
		Short: "refresh tokens before clients need them",
		Long: `Requests new tokens from AWS. With registries: for those, also when their tokens are still fresh. Without: for the
registries that Docker's config.json or podman's auth.json assigns to this helper, when the token is missing or past
its refresh point (half its lifetime), and for the registries in the cache whose token is past it. A registry whose
helper is ecr-login-PROFILE is refreshed with that profile. Registries that share a token cost one request. Exits with
1 when a token could not be refreshed; the old one stays in the cache. A login stored by docker login cannot be
refreshed and is reported as skipped.

With --watch the command keeps running and refreshes each token at its refresh point. If AWS cannot be reached, it
retries at least once a minute while the old token is valid. It looks for new registries every five minutes. It exits
with 0 on SIGINT or SIGTERM, and with 1 when its output can no longer be written. systemd units for both modes are in the
source code, https://github.com/4e881efc/ecr-credential-helper.`,
		Example: `    docker-credential-ecr-login refresh
    docker-credential-ecr-login refresh 123456789012.dkr.ecr.eu-west-1.amazonaws.com
    docker-credential-ecr-login refresh --watch`,
		Args: cobra.ArbitraryArgs,

		ValidArgsFunction: p.completeRegistries(-1),
	}
	profile := c.Flags().String("profile", "", "the AWS `PROFILE` to use, instead of those that docker uses")
	_ = c.RegisterFlagCompletionFunc("profile", completeProfiles)
	watch := c.Flags().Bool("watch", false, "keep running and refresh each token at its refresh point")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := requireCache(p.contents()); err != nil {
			return err
		}
		p.budget.pause() // each request has the settings' timeout
		if *watch {
			return p.watch(c.Context(), *profile, args, *asJSON)
		}
		return p.refresh(c.Context(), *profile, args, *asJSON)
	}
	return c
}

// requireCache returns an error when the cache cannot store tokens.
func requireCache(disk *contents.Cache) error {
	s, err := disk.Status()
	if err != nil {
		return err
	}
	if s.Problem != "" {
		return fmt.Errorf("cannot store tokens: %s", strings.TrimSpace(s.Dir+" "+s.Problem))
	}
	return nil
}

// registries returns the known registries, each with the profile that a client would use for it. The flag --profile, and
// then a profile in the program's name, replace those.
func (p *process) registries(profile string) *refresh.Registries {
	return &refresh.Registries{
		New:     p.helperFor,
		Profile: cmp.Or(profile, progname.Profile(p.name)),
		Clients: clients.Read(dockerconfig.Locator{}),
		Cache:   p.contents(),
	}
}

// refresh refreshes the named tokens, or those that are due, once.
func (p *process) refresh(ctx context.Context, profile string, names []string, asJSON bool) error {
	all := []refreshResult{}
	failed := false
	refresh.Once(ctx, p.registries(profile), names,
		func(i, n int, t *refresh.Token) {
			if !asJSON {
				p.out.stderr.Progress("refreshing %d of %d: %s", i, n, t.Hosts[0])
			}
		},
		func(r refresh.Result) {
			all = append(all, newRefreshResult(r))
			failed = failed || r.Outcome == refresh.Failed
			if !asJSON {
				p.printRefresh(r)
			}
		})
	switch {
	case asJSON:
		if err := p.out.stdout.JSON(all); err != nil {
			return err
		}
	case len(all) == 0:
		p.out.stdout.Printf("nothing to refresh: no client is configured for this helper, and the cache is empty\n")
	}
	if failed {
		return exitCode(1)
	}
	return nil
}

// watch refreshes tokens until a signal arrives or the output can no longer be written.
func (p *process) watch(ctx context.Context, profile string, names []string, asJSON bool) error {
	if name, err := p.registries(profile).Check(names); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	children.EndOnSignal(false)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	find := func() *refresh.Registries { return p.registries(profile) }
	w := refresh.Watcher{Find: find, Names: names, Now: p.now, Report: func(r refresh.Result) {
		if !asJSON {
			p.printRefresh(r)
		} else if line, err := json.Marshal(newRefreshResult(r)); err == nil {
			fmt.Fprintf(p.out.stdout, "%s\n", line)
		}
		if p.out.stdout.Err() != nil {
			stop()
		}
	}}
	w.Run(ctx)
	return nil
}

// A refreshResult is a refresh.Result in JSON.
type refreshResult struct {
	Registries []string        `json:"registries,omitempty"`
	Outcome    refresh.Outcome `json:"outcome"`
	Fetched    time.Time       `json:"fetched,omitzero"`
	Refresh    time.Time       `json:"refresh,omitzero"`
	Expires    time.Time       `json:"expires,omitzero"`
	Error      string          `json:"error,omitempty"`
	Hint       string          `json:"hint,omitempty"`
	Again      string          `json:"again,omitempty"` // when --watch tries again: "40s"
}

func newRefreshResult(r refresh.Result) refreshResult {
	if r.Outcome == refresh.Failed {
		j := refreshResult{Registries: r.Registries, Outcome: r.Outcome, Error: oneLine(r.Err.Error()), Hint: hint(withPublicHint(r.Err))}
		if r.Retry > 0 {
			j.Again = r.Retry.Round(time.Second).String()
		}
		return j
	}
	return refreshResult{Registries: r.Registries, Outcome: r.Outcome, Fetched: r.Fetched, Refresh: r.Refresh, Expires: r.Expires}
}

// printRefresh prints a result: a success to standard output, a failure to standard error.
func (p *process) printRefresh(r refresh.Result) {
	p.out.stderr.Progress("")
	names := someOf(r.Registries)
	valid, next := left(r.Expires.Sub(p.now())), left(r.Refresh.Sub(p.now()))
	switch r.Outcome {
	case refresh.Refreshed:
		p.out.stdout.Printf("refreshed %s: valid for %s, next refresh in %s\n", names, valid, next)
	case refresh.Fresh:
		p.out.stdout.Printf("fresh %s: valid for %s, next refresh in %s\n", names, valid, next)
	case refresh.Login:
		p.out.stdout.Printf("skipped %s: docker login stored a login, valid for %s; run docker logout to use AWS credentials instead\n", names, valid)
	case refresh.Anonymous:
		p.out.stdout.Printf("skipped %s: no AWS credentials, ECR Public is used anonymously\n", names)
	case refresh.Failed:
		err := errors.New(r.Err.Error())
		if names != "" {
			err = fmt.Errorf("%s: %w", names, err)
		}
		if r.Retry > 0 {
			err = fmt.Errorf("%w; next attempt in %s", err, r.Retry.Round(time.Second))
		}
		p.out.problem(err, hint(withPublicHint(r.Err)))
	}
}

// someOf returns the first few of many registries as text.
func someOf(hosts []string) string {
	const limit = 3
	if len(hosts) <= limit {
		return strings.Join(hosts, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(hosts[:limit], ", "), len(hosts)-limit)
}
