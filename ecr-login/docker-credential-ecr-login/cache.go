package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/contents"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/nearest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/refresh"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
)

func cacheCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "cache",
		Short: "list or delete the contents of the cache",
		Long: `Lists the contents of the cache, without the tokens, or deletes them. A deleted token is requested from AWS again
when a client needs it.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				err := fmt.Errorf("unknown command %q of cache, want ls or clear", args[0])
				if near := nearest.Word(args[0], []string{"ls", "clear"}); near != "" {
					return misuse{advised{err, "did you mean cache " + near + "?"}}
				}
				return misuse{err}
			}
			return misuse{errors.New("cache takes a command: ls or clear")}
		},
	}
	p.add(c, cacheListCommand(p))
	p.add(c, cacheClearCommand(p))
	return c
}

func cacheListCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "ls [--json]",
		Short: "list the contents of the cache",
		Long: `Lists the tokens and stored logins in the cache, one line for each registry: whether the entry is fresh, aging (used,
and refreshed by the next get) or expired, when it is refreshed, when it expires, and which credentials it was fetched
with. It never prints a token. It also shows how many tokens of SSO sessions are to be refreshed within the hour, because
that needs a valid session. A token that no known registry uses now, because it was fetched with another profile or
environment, has a * for the account.`,
		Example: `    docker-credential-ecr-login cache ls`,
	}
	asJSON := jsonFlag(c)
	c.RunE = func(*cobra.Command, []string) error {
		disk := p.contents()
		status, err := disk.Status()
		if err != nil {
			return err
		}
		held, err := disk.Read(p.registries("").ProfileOf)
		if err != nil {
			return err
		}
		list := cacheList{
			Dir: status.Dir, Trouble: status.Problem, Entries: []cacheRow{},
			Sealed: held.HasKey, Foreign: held.OtherKey, Damaged: held.Damaged, Other: held.Other,
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

// contents returns the cache that helper uses.
func (p *process) contents() *contents.Cache {
	return contents.Open(progname.Profile(p.name), p.log(), p.clock)
}

// A cacheList is what cache ls prints.
type cacheList struct {
	Dir     string     `json:"directory,omitempty"`
	Trouble string     `json:"trouble,omitempty"` // why nothing is stored
	Entries []cacheRow `json:"entries"`
	Sealed  bool       `json:"sealingKey"` // a sealing key exists; it is created with the first entry
	Foreign int        `json:"otherKey"`   // entries that were sealed with another key
	Damaged int        `json:"damaged"`
	Other   int        `json:"otherVersion"` // entries of another version of this program
}

// A cacheRow is a token or stored login for one registry.
type cacheRow struct {
	Registry    string    `json:"registry"`
	Kind        string    `json:"kind"` // token or login
	Source      string    `json:"source"`
	Profile     string    `json:"profile,omitempty"`
	ProfileRole bool      `json:"profileRole,omitempty"` // the profile assumes a role
	RoleARN     string    `json:"roleARN,omitempty"`
	Endpoint    string    `json:"endpoint,omitempty"` // of the matching rule
	State       string    `json:"state"`
	Fetched     time.Time `json:"fetched"`
	Refresh     time.Time `json:"refresh"`
	Expires     time.Time `json:"expires"`
	state       cache.State
}

func rowsOf(h contents.Entry) []cacheRow {
	row := cacheRow{
		Registry: h.Pattern, Kind: "token", Source: string(h.Source), ProfileRole: h.ProfileRole, Profile: h.Profile, RoleARN: h.RoleARN, Endpoint: h.Endpoint,
		State: h.State.String(), Fetched: h.Fetched, Refresh: h.Refresh, Expires: h.Expires, state: h.State,
	}
	if h.Host != "" {
		row.Kind, row.Source = "login", dockerLogin
	}
	if h.State == cache.Absent {
		row.State = "unusable" // fetched under a wrong clock
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

// credentials describes the credentials that the entry was fetched with.
func (r cacheRow) credentials() string {
	if r.Source == dockerLogin {
		return "docker login"
	}
	text := wording.Source(awsconfig.Kind(r.Source), r.Profile, r.ProfileRole)
	if r.RoleARN != "" {
		text += ", role " + r.RoleARN
	}
	if r.Endpoint != "" {
		text += ", at " + r.Endpoint
	}
	return text
}

func (l cacheList) print(out output, now time.Time) {
	rows := [][]string{{"REGISTRY", "STATE", "REFRESH IN", "EXPIRES IN", "CREDENTIALS"}}
	for _, e := range l.Entries {
		next, expires := "-", "-"
		if e.state == cache.Fresh || e.state == cache.Aging {
			expires = left(e.Expires.Sub(now))
		}
		switch {
		case e.Kind == "login":
			next = "never"
		case e.state == cache.Fresh:
			next = left(e.Refresh.Sub(now))
		case e.state == cache.Aging:
			next = "due"
		}
		rows = append(rows, []string{e.Registry, e.State, next, expires, e.credentials()})
	}
	switch {
	case l.Trouble != "" && len(l.Entries) == 0:
		out.stdout.Printf("no cache: %s\n", strings.TrimSpace(l.Dir+" "+l.Trouble))
	case len(l.Entries) == 0 && l.Foreign+l.Damaged+l.Other == 0:
		out.stdout.Printf("the cache is empty\n")
	case len(l.Entries) == 0:
		out.stdout.Printf("the cache has no readable entries\n")
	default:
		out.stdout.Table(rows, map[string]terminal.Colour{"fresh": terminal.Green, "aging": terminal.Yellow, "expired": terminal.Red, "unusable": terminal.Red})
	}
	if n := l.dueSSO(now); n > 0 {
		out.stdout.Printf("%s of an SSO session to be refreshed within the hour; if the session has expired by then, run: aws sso login\n", wording.Count(n, "token", "tokens"))
	}
	switch {
	case l.Foreign > 0 && !l.Sealed:
		out.stdout.Printf("%s sealed with a key that no longer exists: it was deleted, or lost in a reboot\n", wording.Count(l.Foreign, "entry is", "entries are"))
	case l.Foreign > 0:
		out.stdout.Printf("%s sealed with another key: that of another machine or user, or the key before a reboot\n", wording.Count(l.Foreign, "entry is", "entries are"))
	}
	if l.Other > 0 {
		out.stdout.Printf("%s of another version of this program; this version does not use them\n", wording.Count(l.Other, "entry is", "entries are"))
	}
	if l.Damaged > 0 {
		out.stdout.Printf("%s damaged and will be replaced by the next get\n", wording.Count(l.Damaged, "entry is", "entries are"))
	}
}

// dueSSO returns how many tokens of SSO sessions are to be refreshed within an hour. A role's
// credentials from SSO are often valid for no longer, and new ones need a valid session.
func (l cacheList) dueSSO(now time.Time) (n int) {
	for _, e := range l.Entries {
		if e.Source == string(awsconfig.SSO) && e.state == cache.Fresh && e.Refresh.Sub(now) <= time.Hour {
			n++
		}
	}
	return n
}

func cacheClearCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "clear [REGISTRY...]",
		Short: "delete the contents of the cache",
		Long: `Deletes everything from the cache, or what it has for the named registries: the stored login, every token for the
registry, whichever profile or environment fetched it, and a recent refusal by AWS. Other registries of the same region
share these tokens; those that are known are printed first. A deleted token stays valid until it expires: AWS cannot
revoke it.`,
		Example: `    docker-credential-ecr-login cache clear 123456789012.dkr.ecr.eu-west-1.amazonaws.com`,
		Args:    cobra.ArbitraryArgs,

		ValidArgsFunction: p.completeRegistries(-1),
	}
	c.RunE = func(_ *cobra.Command, args []string) error {
		disk := p.contents()
		if len(args) == 0 {
			n, err := disk.ForgetAll()
			if err != nil {
				return err
			}
			p.out.stdout.Printf("deleted %s\n", wording.Count(n, "entry", "entries"))
			return nil
		}
		failed := false
		for _, name := range args {
			shown := nameOf(name)
			if hosts := sharedWith(disk, p.helper(), p.registries(""), name); len(hosts) > 0 {
				p.out.note(fmt.Sprintf("%s shares its tokens with %s", shown, someOf(hosts)), "")
			}
			n, err := disk.Forget(name)
			if err != nil {
				p.out.problem(fmt.Errorf("%s: %w", shown, err), hint(err))
				failed = true
				continue
			}
			p.out.stdout.Printf("%s: deleted %s and %s\n", shown, wording.Count(n.Tokens, "token", "tokens"), wording.Count(n.Logins, "stored login", "stored logins"))
		}
		if failed {
			return exitCode(1)
		}
		return nil
	}
	return c
}

// nameOf returns a registry as it was named, without a password, in quotes where that is clearer.
func nameOf(name string) string {
	if name = redact.UserInfo(name); name == "" || strings.ContainsAny(name, " \t\r\n") {
		return strconv.Quote(name)
	}
	return name
}

// sharedWith returns the other known registries that use the same tokens as the named one.
func sharedWith(disk *contents.Cache, helper *ecrlogin.Helper, known *refresh.Registries, name string) []string {
	status, err := helper.Status(name)
	if err != nil {
		return nil
	}
	held, err := disk.Read(known.ProfileOf)
	if err != nil {
		return nil
	}
	var others []string
	for _, e := range held.List {
		if slices.Contains(e.Hosts, status.Host) {
			others = append(others, e.Hosts...)
		}
	}
	slices.Sort(others)
	return slices.DeleteFunc(slices.Compact(others), func(host string) bool { return host == status.Host })
}

// left returns a remaining time in hours and minutes, or in seconds below a minute.
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
