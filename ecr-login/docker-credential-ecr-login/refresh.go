package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// renewAtOnce bounds the calls to AWS under way: a person has a handful of regions and profiles, and some start a
// process or renew a session for each.
const renewAtOnce = 8

func refreshCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "refresh [--watch] [--json] [REGISTRY...]",
		Short: "renew tokens before anybody has to wait for them",
		Long: `Asks AWS for new tokens of the registries named, at once, fresh or not. Without names: of those that Docker's
config.json or podman's auth.json gives to this helper and whose token is past its refresh point (half its life)
or is not there, and of those in the cache whose token is past it. A registry whose helper is called
ecr-login-PROFILE is renewed with that profile. One call renews all registries that share a token. Exits with 1
when any could not be renewed; the old token then stays. A login stored by docker login cannot be renewed, and is
told.

With --watch it stays and renews each token at its refresh point, those of the registries named or of all; what is
fresh it leaves alone until then. While AWS does not answer and the old token is still good, it tries again at
least once a minute. Every five minutes it looks for new registries. It ends with 0 on SIGINT or SIGTERM, and with
1 when what it says cannot be written any more. packaging/systemd has units for both.`,
		Example: `    docker-credential-ecr-login refresh
    docker-credential-ecr-login refresh 123456789012.dkr.ecr.eu-west-1.amazonaws.com
    docker-credential-ecr-login refresh --watch`,
		Args: cobra.ArbitraryArgs,

		ValidArgsFunction: p.completeRegistries(-1),
	}
	stay := c.Flags().Bool("watch", false, "stay, and renew each token at its refresh point")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := keeping(p.helper()); err != nil {
			return err
		}
		if *stay {
			if err := p.renewable(args); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			p.watch(args, *asJSON).run(ctx)
			return nil
		}
		return p.refresh(c.Context(), args, *asJSON)
	}
	return c
}

// keeping says why nothing that AWS gives could be kept.
func keeping(h *ecrlogin.Helper) error {
	s, err := h.CacheStatus()
	if err != nil {
		return err
	}
	if s.Problem != "" {
		return fmt.Errorf("there is nowhere to keep tokens: %s", strings.TrimSpace(s.Dir+" "+s.Problem))
	}
	return nil
}

// renewable says which of the names no time will make a registry: a watch would wait for it in vain.
func (p *process) renewable(names []string) error {
	r := p.newRoster()
	for _, name := range names {
		if _, err := r.helper(name).Status(name); errors.Is(err, ecrlogin.ErrNotECR) {
			return fmt.Errorf("%s: %w", withoutUser(name), err)
		}
	}
	return nil
}

// An outcome is what became of one token, or of a registry that has none.
type outcome struct {
	Registries []string  `json:"registries,omitempty"` // none: of all that a file would have named
	Outcome    string    `json:"outcome"`
	Fetched    time.Time `json:"fetched,omitzero"`
	Refresh    time.Time `json:"refresh,omitzero"`
	Expires    time.Time `json:"expires,omitzero"` // of the token that is kept, or of the stored login
	Error      string    `json:"error,omitempty"`
	Hint       string    `json:"hint,omitempty"`
	Again      string    `json:"again,omitempty"` // when --watch tries again: "40s"

	kept ecrlogin.Status
}

// What can become of a token.
const (
	renewed   = "renewed"
	fresh     = "fresh"     // not due, and nobody named it
	stored    = "login"     // docker login stored a login, which is served first and cannot be renewed
	anonymous = "anonymous" // ECR Public, and nobody has credentials for it
	failed    = "failed"
)

func failure(hosts []string, err error) outcome {
	return outcome{Registries: hosts, Outcome: failed, Error: oneLine(err.Error()), Hint: hint(err)}
}

// refresh renews once what is named, or what is due.
func (p *process) refresh(ctx context.Context, names []string, asJSON bool) error {
	batches, told := p.newRoster().batches(names)
	due := batches[:0:0]
	for _, b := range batches {
		if len(names) > 0 || b.kept.State != cache.Fresh {
			due = append(due, b)
			continue
		}
		told = append(told, b.told(fresh))
	}
	r := reporter{out: p.out, json: asJSON, now: p.now}
	all := []outcome{}
	failures := 0
	say := func(_ *batch, o outcome) {
		all = append(all, o)
		if o.Outcome == failed {
			failures++
		}
		if !asJSON {
			r.say(o)
		}
	}
	for _, o := range told {
		say(nil, o)
	}
	renewAll(ctx, due, r.progress, say)
	r.clear()
	switch {
	case asJSON:
		if err := p.out.stdout.JSON(all); err != nil {
			return err
		}
	case len(all) == 0:
		p.out.stdout.Printf("nothing to renew: no registry is configured for this helper, and none was served lately\n")
	}
	if failures > 0 {
		return exitCode(1)
	}
	return nil
}

// renewAll renews some tokens at a time and says what became of each, in their order. begin hears what is waited for.
func renewAll(ctx context.Context, batches []*batch, begin func(i, n int, b *batch), say func(*batch, outcome)) {
	slots := make(chan struct{}, renewAtOnce)
	results := make([]chan outcome, len(batches))
	for i, b := range batches {
		results[i] = make(chan outcome, 1)
		go func() {
			slots <- struct{}{}
			results[i] <- b.renew(ctx)
			<-slots
		}()
	}
	for i, b := range batches {
		begin(i+1, len(batches), b)
		say(b, <-results[i])
	}
}

// renew asks AWS for the batch's token.
func (b *batch) renew(ctx context.Context) outcome {
	kept, err := b.helper.Refresh(ctx, b.hosts[0])
	b.kept = kept
	var e *ecrlogin.Error
	switch {
	case err == nil:
		b.helper.AddHosts(b.hosts...)
		return b.told(renewed)
	case !b.named && errors.Is(err, ecrlogin.ErrNotFound) && (!errors.As(err, &e) || e.Kind == token.NoCredentials):
		return b.told(anonymous)
	}
	o := failure(b.hosts, anonymously(err))
	o.kept = kept
	return o
}

// told is an outcome with the times of the token that is kept.
func (b *batch) told(what string) outcome {
	k := b.kept
	return outcome{Registries: b.hosts, Outcome: what, Fetched: k.Fetched, Refresh: k.Refresh, Expires: k.Expires, kept: k}
}

// A reporter says what became of tokens: what was done on standard output, what failed on standard error.
type reporter struct {
	out  output
	json bool // one line each
	now  func() time.Time
}

func (r reporter) say(o outcome) {
	if r.json {
		if line, err := json.Marshal(o); err == nil {
			r.out.stdout.Printf("%s\n", line)
		}
		return
	}
	r.clear()
	names := someOf(o.Registries)
	switch o.Outcome {
	case renewed:
		r.out.stdout.Printf("renewed %s: good for %s, to be renewed in %s\n", names, left(o.Expires.Sub(r.now())), left(o.Refresh.Sub(r.now())))
	case fresh:
		r.out.stdout.Printf("fresh %s: good for %s, to be renewed in %s\n", names, left(o.Expires.Sub(r.now())), left(o.Refresh.Sub(r.now())))
	case stored:
		r.out.stdout.Printf("left %s: docker login stored a login, good for %s; docker logout gives the registry back\n", names, left(o.Expires.Sub(r.now())))
	case anonymous:
		r.out.stdout.Printf("left %s: no credentials, pulls are anonymous\n", names)
	case failed:
		err := errors.New(o.Error)
		if names != "" {
			err = fmt.Errorf("%s: %s", names, o.Error)
		}
		if o.Again != "" {
			err = fmt.Errorf("%w; trying again in %s", err, o.Again)
		}
		r.out.problem(err, o.Hint)
	}
}

// progress shows on a terminal what is waited for, in a line that the next one is written over.
func (r reporter) progress(i, n int, b *batch) {
	if !r.json {
		r.out.stderr.Progress("renewing %d of %d: %s", i, n, b.hosts[0])
	}
}

func (r reporter) clear() {
	if !r.json {
		r.out.stderr.Progress("")
	}
}

// someOf names a few of many registries.
func someOf(hosts []string) string {
	const most = 3
	if len(hosts) <= most {
		return strings.Join(hosts, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(hosts[:most], ", "), len(hosts)-most)
}

// watch is the loop behind --watch, on the machine's clock.
func (p *process) watch(names []string, asJSON bool) *renewer {
	r := reporter{out: p.out, json: asJSON, now: p.now}
	return &renewer{
		now:    p.now,
		wait:   sleep,
		random: rand.Float64,
		look:   func() ([]*batch, []outcome) { return p.newRoster().batches(names) },
		say:    r.say,
		unread: func() bool { return p.out.stdout.Err() != nil },
	}
}

// sleep waits, or ends with ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
