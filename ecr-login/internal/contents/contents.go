// Package contents lists and deletes what the program's cache on disk holds, whichever principal
// fetched it, for the commands cache and refresh.
//
// It reads the same settings and uses the same directory as an ecrlogin.Helper with zero Options.
// It makes no request. It does not see the memory tier of a Helper in another process: that process
// keeps a deleted token until it expires.
package contents

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Cache is the cache on disk. Create it with Open.
type Cache struct {
	settings    config.Settings
	settingsErr error
	profile     string
	disk        *cache.Disk
}

// Open returns the cache of the settings. Settings that cannot be used are reported by its methods.
// The profile is the AWS profile for every registry; empty means that the rules of the settings and
// the environment decide. The log may be nil.
func Open(profile string, log *slog.Logger, clock cache.Clock) *Cache {
	c := &Cache{profile: profile}
	c.settings, c.settingsErr = config.Load(nil)
	o := plan.CacheOptions(c.settings, nil)
	o.Log, o.Clock = log, clock
	c.disk = cache.Open(o)
	return c
}

// planner returns a new planner for one call: it remembers fingerprints of files, and files change.
func (c *Cache) planner(profile string) *plan.Planner {
	return &plan.Planner{Settings: c.settings, Profile: profile}
}

// Status returns where the cache is and what prevents its use. The error is that of the settings.
func (c *Cache) Status() (cache.Status, error) {
	if c.settingsErr != nil {
		return cache.Status{}, c.settingsErr
	}
	return c.disk.Status(), nil
}

// Hosts returns the hosts that were served in the last month, sorted.
func (c *Cache) Hosts() []string { return c.disk.Hosts() }

// AddHosts adds registries to the hosts, as a get does.
func (c *Cache) AddHosts(hosts ...string) {
	for _, host := range hosts {
		c.disk.AddHost(host)
	}
}

// Entry is one token or stored login, without secrets.
type Entry struct {
	plan.About

	// Pattern is the host name of the registries that the entry is for, with a * for the account of
	// a token.
	Pattern string

	// Hosts are the known hosts for which a get would return this entry. A token has none when
	// another profile, role or environment fetched it.
	Hosts []string

	State cache.State
	cache.Times
}

// All is everything in the cache.
type All struct {
	List     []Entry
	HasKey   bool // a sealing key exists; without one all entries count as OtherKey
	OtherKey int  // entries that were sealed with another key
	Damaged  int  // entries that should be readable and are not
	Other    int  // entries of another version of this program, which this version does not use
}

// Read returns everything in the cache. profileOf returns the AWS profile that clients use for a
// host; nil means that of Open for all hosts.
func (c *Cache) Read(profileOf func(host string) string) (All, error) {
	if c.settingsErr != nil {
		return All{}, c.settingsErr
	}
	inv := c.disk.Inventory()
	all := All{HasKey: inv.HasKey, OtherKey: inv.OtherKey, Damaged: inv.Damaged}
	hosts := c.hostsByToken(profileOf)
	for _, n := range inv.Items {
		about, ok := plan.AboutKey(n.Key)
		if !ok {
			all.Other++
			continue
		}
		entry := Entry{
			About: about, Pattern: c.hostPattern(about.Registry), Hosts: hosts[n.Key],
			State: n.State, Times: n.Entry.Times(),
		}
		if about.Host != "" {
			entry.Pattern, entry.Hosts = about.Host, []string{about.Host}
		}
		all.List = append(all.List, entry)
	}
	return all, nil
}

// hostsByToken groups the known hosts by the cache key of their token.
func (c *Cache) hostsByToken(profileOf func(host string) string) map[string][]string {
	planners := map[string]*plan.Planner{}
	hosts := map[string][]string{}
	for _, host := range c.disk.Hosts() {
		profile := c.profile
		if profileOf != nil {
			profile = profileOf(host)
		}
		if planners[profile] == nil {
			planners[profile] = c.planner(profile)
		}
		if p, err := planners[profile].For(host); err == nil {
			hosts[p.TokenKey] = append(hosts[p.TokenKey], host)
		}
	}
	return hosts
}

// hostPattern returns the host name of a token's registries with a * for the account.
func (c *Cache) hostPattern(r registry.Registry) string {
	const account = "000000000000"
	if r.Service == registry.Private {
		r.Account = account
	}
	return strings.Replace(c.settings.Parser().Host(r), account, "*", 1)
}

// Removed counts what Forget removed from the cache.
type Removed struct{ Tokens, Logins int }

// Forget removes from the cache the login stored for the registry, every token for it, whichever
// profile, role or environment fetched it, and every remembered failure. It also removes the host
// from the known hosts. Registries of other accounts in the same region lose the same tokens. The
// error is that of the settings, or wraps registry.ErrNotECR.
func (c *Cache) Forget(serverURL string) (Removed, error) {
	var n Removed
	if c.settingsErr != nil {
		return n, c.settingsErr
	}
	p, err := c.planner(c.profile).For(serverURL)
	if err != nil {
		return n, err
	}
	var failed error
	remove := (&cache.Cache{Disk: c.disk}).Delete // with the remembered failure
	inv := c.disk.Inventory()
	for _, e := range inv.Items {
		about, ok := plan.AboutKey(e.Key)
		if !ok || !about.Opens(p) {
			continue
		}
		if err := remove(e.Key); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if about.Host != "" {
			n.Logins++
		} else {
			n.Tokens++
		}
	}
	// An entry that cannot be opened is found only by its key.
	for _, key := range append(inv.Failures, p.TokenKey, p.LoginKey) {
		if about, ok := plan.AboutKey(key); ok && about.Opens(p) {
			failed = errors.Join(failed, remove(key))
		}
	}
	if err := errors.Join(failed, c.disk.RemoveHost(p.Host)); err != nil {
		return n, fmt.Errorf("cannot forget everything about %s: %w", p.Host, err)
	}
	return n, nil
}

// ForgetAll empties the cache, including the entries of other machines that share the directory,
// and returns the number of entries removed.
func (c *Cache) ForgetAll() (int, error) {
	if c.settingsErr != nil {
		return 0, c.settingsErr
	}
	inv := c.disk.Inventory() // the count of Clear would include remembered failures
	if _, err := c.disk.Clear(); err != nil {
		return 0, fmt.Errorf("cannot empty the cache: %w", err)
	}
	return len(inv.Items) + inv.OtherKey + inv.Damaged, nil
}
