package ecrlogin

import (
	"errors"
	"fmt"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// CacheEntry is one token or stored login in the cache, without secrets.
type CacheEntry struct {
	plan.About

	// Pattern is the host name of the registries that the entry is for, with a * for the account of
	// a token.
	Pattern string

	// Hosts are the known hosts that Get would serve this entry for. A token has none when another
	// profile, role or environment fetched it.
	Hosts []string

	State cache.State
	cache.Times
}

// CacheContents is everything in the cache.
type CacheContents struct {
	List     []CacheEntry
	HasKey   bool // a sealing key exists; without one all entries count as OtherKey
	OtherKey int  // entries that were sealed with another key
	Damaged  int  // entries that should be readable and are not
	Other    int  // entries of another version of this program, which this version does not use
}

// CacheEntries returns everything in the cache, whichever principal fetched it. For each known host
// it finds the token that Get would serve: helperFor returns the Helper that clients use for the
// host, such as that of a profile; nil means h for all hosts.
func (h *Helper) CacheEntries(helperFor func(host string) *Helper) (CacheContents, error) {
	if _, err := h.planner(); err != nil {
		return CacheContents{}, err
	}
	inv := h.disk.Inventory()
	all := CacheContents{HasKey: inv.HasKey, OtherKey: inv.OtherKey, Damaged: inv.Damaged}
	hosts := h.hostsByToken(helperFor)
	for _, n := range inv.Items {
		about, ok := plan.AboutKey(n.Key)
		if !ok {
			all.Other++
			continue
		}
		entry := CacheEntry{
			About: about, Pattern: h.hostPattern(about.Registry), Hosts: hosts[n.Key],
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
func (h *Helper) hostsByToken(helperFor func(host string) *Helper) map[string][]string {
	planners := map[*Helper]*plan.Planner{}
	hosts := map[string][]string{}
	for _, host := range h.disk.Hosts() {
		helper := h
		if helperFor != nil {
			helper = helperFor(host)
		}
		if planners[helper] == nil {
			planner, err := helper.planner()
			if err != nil {
				continue
			}
			planners[helper] = planner
		}
		if p, err := planners[helper].For(host); err == nil {
			hosts[p.TokenKey] = append(hosts[p.TokenKey], host)
		}
	}
	return hosts
}

// hostPattern returns the host name of a token's registries with a * for the account.
func (h *Helper) hostPattern(r registry.Registry) string {
	const account = "000000000000"
	if r.Service == registry.Private {
		r.Account = account
	}
	return strings.Replace(h.settings.Parser().Host(r), account, "*", 1)
}

// CacheStatus returns where the cache is and what prevents its use. The error is that of the
// settings.
func (h *Helper) CacheStatus() (cache.Status, error) {
	if _, err := h.planner(); err != nil {
		return cache.Status{}, err
	}
	return h.disk.Status(), nil
}

// KnownHosts returns the hosts that were served in the last month, sorted.
func (h *Helper) KnownHosts() []string { return h.disk.Hosts() }

// AddHosts adds registries to the known hosts, as Get does.
func (h *Helper) AddHosts(serverURLs ...string) {
	planner, err := h.planner()
	if err != nil {
		return
	}
	for _, serverURL := range serverURLs {
		if p, err := planner.For(serverURL); err == nil {
			h.addHost(p.Host)
		}
	}
}

// Removed counts what Forget removed from the cache.
type Removed struct{ Tokens, Logins int }

// Forget removes from the cache the login stored for the registry, every token for it, whichever
// profile, role or environment fetched it, and every remembered failure. It also removes the host
// from the known hosts. Registries of other accounts in the same region lose the same tokens.
func (h *Helper) Forget(serverURL string) (Removed, error) {
	var n Removed
	p, err := h.plan(serverURL)
	if err != nil {
		return n, err
	}
	var failed error
	inv := h.disk.Inventory()
	for _, e := range inv.Items {
		about, ok := plan.AboutKey(e.Key)
		if !ok || !about.Opens(p) {
			continue
		}
		if err := h.cache.Delete(e.Key); err != nil {
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
			failed = errors.Join(failed, h.cache.Delete(key))
		}
	}
	h.added.Delete(p.Host)
	if err := errors.Join(failed, h.disk.RemoveHost(p.Host)); err != nil {
		return n, fmt.Errorf("cannot forget everything about %s: %w", p.Host, err)
	}
	return n, nil
}

// ForgetAll empties the cache, including the entries of other machines that share the directory,
// and returns the number of entries removed.
func (h *Helper) ForgetAll() (int, error) {
	if _, err := h.planner(); err != nil {
		return 0, err
	}
	inv := h.disk.Inventory() // the count of Clear would include remembered failures
	h.added.Clear()
	if _, err := h.disk.Clear(); err != nil {
		return 0, fmt.Errorf("cannot empty the cache: %w", err)
	}
	return len(inv.Items) + inv.OtherKey + inv.Damaged, nil
}
