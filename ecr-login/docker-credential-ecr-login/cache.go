package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
)

func cacheCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "cache",
		Short: "list or empty the cache",
		Long: `Lists what the cache holds, without the tokens, or forgets it. What is forgotten is asked of AWS again when
somebody needs it.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misuse{fmt.Errorf("cache knows ls and clear, not %q", args[0])}
			}
			return misuse{fmt.Errorf("cache takes a command: ls or clear")}
		},
	}
	add(c, cacheListCommand(p))
	add(c, cacheClearCommand(p))
	return c
}

func cacheListCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "ls [--json]",
		Short: "list what the cache holds",
		Long: `Lists the tokens and stored logins in the cache: the registry, where the credentials that fetched it came
from, whether it is fresh, aging (served, and renewed by the next get) or expired, and how long it lasts. Tokens
are never printed. A token is listed for each known registry that would be served it now; one that no known
registry asks for now, because another profile or environment fetched it, is listed with a * for the account.`,
		Example: `    docker-credential-ecr-login cache ls`,
	}
	asJSON := jsonFlag(c)
	c.RunE = func(*cobra.Command, []string) error {
		helper := p.helper()
		status, err := helper.CacheStatus()
		if err != nil {
			return err
		}
		held, err := helper.CacheEntries(p.registries().Helper)
		if err != nil {
			return err
		}
		list := cacheList{
			Folder: status.Dir, Trouble: status.Problem, Entries: []cacheRow{},
			Sealed: held.Sealed, Foreign: held.Foreign, Damaged: held.Damaged, Other: held.Other,
		}
		for _, h := range held.List {
			list.Entries = append(list.Entries, rowsOf(h)...)
		}
		if *asJSON {
			return p.out.stdout.JSON(list)
		}
		list.print(p.out, time.Now())
		return nil
	}
	return c
}

// A cacheList is what cache ls prints.
type cacheList struct {
	Folder  string     `json:"folder,omitempty"`
	Trouble string     `json:"trouble,omitempty"` // why nothing is kept
	Entries []cacheRow `json:"entries"`
	Sealed  bool       `json:"sealingKey"` // there is a sealing key; none is made before there is something to seal
	Foreign int        `json:"otherKey"`   // entries that another sealing key sealed
	Damaged int        `json:"damaged"`
	Other   int        `json:"otherVersion"` // entries of another version of this program
}

// A cacheRow is a token or login for one registry.
type cacheRow struct {
	Registry    string    `json:"registry"`
	Kind        string    `json:"kind"` // token or login
	Source      string    `json:"source"`
	Profile     string    `json:"profile,omitempty"`
	ProfileRole bool      `json:"profileRole,omitempty"` // the profile assumes a role
	RoleARN     string    `json:"roleARN,omitempty"`
	Endpoint    string    `json:"endpoint,omitempty"` // that a rule names
	State       string    `json:"state"`
	Fetched     time.Time `json:"fetched"`
	Refresh     time.Time `json:"refresh"`
	Expires     time.Time `json:"expires"`
	state       cache.State
}

func rowsOf(h ecrlogin.CacheEntry) []cacheRow {
	row := cacheRow{
		Registry: h.Pattern, Kind: "token", Source: string(h.Source), ProfileRole: h.ProfileRole, Profile: h.Profile, RoleARN: h.RoleARN, Endpoint: h.Endpoint,
		State: h.State.String(), Fetched: h.Fetched, Refresh: h.Refresh, Expires: h.Expires, state: h.State,
	}
	if h.Host != "" {
		row.Kind, row.Source = "login", dockerLogin
	}
	if h.State == cache.Absent {
		row.State = "unusable" // fetched under a clock that nobody can trust now
	}
	var rows []cacheRow
	for _, host := range h.Hosts {
		row.Registry = host
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		rows = append(rows, row)
	}
	return rows
}

// dockerLogin is the source of an entry that docker login stored.
const dockerLogin = "docker-login"

// who describes the source of the credentials.
func (r cacheRow) who() string {
	if r.Source == dockerLogin {
		return "docker login"
	}
	who := wording.Source(awsconfig.Kind(r.Source), r.Profile, r.ProfileRole)
	if r.RoleARN != "" {
		who += ", role " + r.RoleARN
	}
	if r.Endpoint != "" {
		who += ", at " + r.Endpoint
	}
	return who
}

func (l cacheList) print(out output, now time.Time) {
	rows := [][]string{{"REGISTRY", "STATE", "RENEWED IN", "ENDS IN", "CREDENTIALS"}}
	for _, e := range l.Entries {
		renewed, ends := "-", "-"
		if e.state == cache.Fresh || e.state == cache.Aging {
			ends = left(e.Expires.Sub(now))
		}
		switch {
		case e.Kind == "login":
			renewed = "never"
		case e.state == cache.Fresh:
			renewed = left(e.Refresh.Sub(now))
		case e.state == cache.Aging:
			renewed = "due"
		}
		rows = append(rows, []string{e.Registry, e.State, renewed, ends, e.who()})
	}
	switch {
	case l.Trouble != "" && len(l.Entries) == 0:
		out.stdout.Printf("nothing is kept: %s\n", strings.TrimSpace(l.Folder+" "+l.Trouble))
	case len(l.Entries) == 0 && l.Foreign+l.Damaged+l.Other == 0:
		out.stdout.Printf("the cache is empty\n")
	case len(l.Entries) == 0:
		out.stdout.Printf("nothing is kept that can be read\n")
	default:
		out.stdout.Table(rows, map[string]terminal.Colour{"fresh": terminal.Green, "aging": terminal.Yellow, "expired": terminal.Red, "unusable": terminal.Red})
	}
	switch {
	case l.Foreign > 0 && !l.Sealed:
		out.stdout.Printf("%s sealed with a key that is gone: deleted, or lost in a reboot\n", count(l.Foreign, "entry is", "entries are"))
	case l.Foreign > 0:
		out.stdout.Printf("%s sealed with another key: of another machine or user, or of the time before a reboot\n", count(l.Foreign, "entry is", "entries are"))
	}
	if l.Other > 0 {
		out.stdout.Printf("%s of another version of this program, and not used by this one\n", count(l.Other, "entry is", "entries are"))
	}
	if l.Damaged > 0 {
		out.stdout.Printf("%s damaged, and will be replaced when somebody needs it\n", count(l.Damaged, "entry is", "entries are"))
	}
}

func cacheClearCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "clear [REGISTRY...]",
		Short: "forget what the cache holds",
		Long: `Forgets everything in the cache, or what it holds for the registries named: the login stored for the registry and
every token that opens it, whichever profile or environment fetched it, and that AWS refused one lately. Registries of
other accounts in that region lose the same tokens. AWS is not told: a token cannot be revoked.`,
		Example: `    docker-credential-ecr-login cache clear 123456789012.dkr.ecr.eu-west-1.amazonaws.com`,
		Args:    cobra.ArbitraryArgs,

		ValidArgsFunction: p.completeRegistries(-1),
	}
	c.RunE = func(_ *cobra.Command, args []string) error {
		helper := p.helper()
		if len(args) == 0 {
			n, err := helper.ForgetAll()
			if err != nil {
				return err
			}
			p.out.stdout.Printf("forgot %s\n", count(n, "entry", "entries"))
			return nil
		}
		failed := false
		for _, name := range args {
			n, err := helper.Forget(name)
			if err != nil {
				p.out.problem(fmt.Errorf("%s: %w", redact.UserInfo(name), err), hint(err))
				failed = true
				continue
			}
			p.out.stdout.Printf("%s: forgot %s and %s\n", redact.UserInfo(name), count(n.Tokens, "token", "tokens"), count(n.Logins, "stored login", "stored logins"))
		}
		if failed {
			return exitCode(1)
		}
		return nil
	}
	return c
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// left is a time still to come, in the units that a person plans with.
func left(d time.Duration) string {
	switch d = d.Truncate(time.Second); {
	case d < time.Second:
		return "0s"
	case d < time.Minute:
		return d.String()
	}
	s := d.Truncate(time.Minute).String() // 11h59m0s
	return strings.TrimSuffix(s, "0s")
}
