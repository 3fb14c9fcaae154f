package ecrlogin

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Kept is what the cache holds for one registry, without anything secret.
type Kept struct {
	Host     string            `json:"host"`
	Registry registry.Registry `json:"registry"`

	Profile string `json:"profile,omitempty"` // the AWS profile that applies
	RoleARN string `json:"roleARN,omitempty"` // the role that the settings' rule assumes
	Source  string `json:"source"`            // code of where the credentials come from

	ProfileRole bool `json:"profileRole,omitempty"` // the profile assumes a role with them

	// Login is when the login ends that docker login stored for this host, and that a Get serves before any token;
	// zero when there is none.
	Login time.Time `json:"login,omitzero"`

	State   cache.State `json:"-"`
	Reason  string      `json:"reason,omitempty"` // why there is no token to serve
	Fetched time.Time   `json:"fetched,omitzero"` // when AWS gave the token
	Refresh time.Time   `json:"refresh,omitzero"` // from when on it should be renewed
	Expires time.Time   `json:"expires,omitzero"` // when it ends
	Token   TokenID     `json:"-"`                // which token it is
}

// A TokenID is the same for all registries that one token opens: to renew it for one of them is to renew it for all.
type TokenID struct{ key string }

// Kept tells what the cache holds for the registry that the server URL names. It asks nobody. The error is that of
// broken settings, or wraps ErrNotECR.
func (h *Helper) Kept(serverURL string) (Kept, error) {
	if h.settingsErr != nil {
		return Kept{}, h.settingsErr
	}
	p, err := h.planner().For(serverURL)
	if err != nil {
		return Kept{}, err
	}
	return h.kept(p), nil
}

func (h *Helper) kept(p plan.Plan) Kept {
	k := Kept{
		Host: p.Host, Registry: p.Registry, Token: TokenID{p.TokenKey},
		Profile: p.Identity.Profile, RoleARN: p.RoleARN, Source: string(p.Identity.Kind), ProfileRole: p.Identity.Role,
	}
	if e, _, err := h.cache.Lookup(p.LoginKey); err == nil {
		k.Login = e.Fetched.Add(e.Lifetime)
	}
	e, state, err := h.cache.Lookup(p.TokenKey)
	k.State = state
	var miss *cache.Miss
	if errors.As(err, &miss) {
		k.Reason = miss.Reason
		return k
	}
	k.Fetched, k.Refresh, k.Expires = e.Fetched, e.Fetched.Add(e.Refresh), e.Fetched.Add(e.Lifetime)
	return k
}

// Hosts are the registries that were served from here in the last month, in order, whoever asked.
func (h *Helper) Hosts() []string { return h.disk.Hosts() }

// Holding is one token or stored login in the cache, without anything secret.
type Holding struct {
	plan.About

	// Pattern is the host of the registries that it opens, with a * for the account.
	Pattern string

	// Hosts are the known registries that it answers for: those that plan to use this very token, or the one
	// that the login was stored for. There are none when another profile, role or environment fetched it.
	Hosts []string

	State   cache.State
	Fetched time.Time
	Refresh time.Time
	Expires time.Time
}

// Holdings is everything in the cache.
type Holdings struct {
	List    []Holding
	Sealed  bool // there is a key to open entries with; without it all are Foreign
	Foreign int  // entries that another sealing key sealed
	Damaged int  // entries that should open and do not
	Other   int  // entries that another version of this program keeps, and that nothing asks for here
}

// Holdings tells everything that the cache holds, whoever fetched it. Which registries use a token, it knows of those
// in Hosts: asks names the Helper by which a host asks, such as that of the profile in its helper's name; nil
// means this one for all.
func (h *Helper) Holdings(asks func(host string) *Helper) (Holdings, error) {
	if h.settingsErr != nil {
		return Holdings{}, h.settingsErr
	}
	inv := h.disk.Inventory()
	all := Holdings{Sealed: inv.HasKey, Foreign: inv.OtherKey, Damaged: inv.Damaged}
	planners := map[*Helper]*plan.Planner{}
	hosts := map[string][]string{}
	for _, host := range h.disk.Hosts() {
		helper := h
		if asks != nil {
			helper = asks(host)
		}
		if planners[helper] == nil {
			planners[helper] = helper.planner()
		}
		if p, err := planners[helper].For(host); err == nil {
			hosts[p.TokenKey] = append(hosts[p.TokenKey], host)
		}
	}
	for _, n := range inv.Items {
		about, ok := plan.AboutKey(n.Key)
		if !ok {
			all.Other++
			continue
		}
		e := n.Entry
		holding := Holding{
			About: about, Pattern: h.pattern(about.Registry), Hosts: hosts[n.Key], State: n.State,
			Fetched: e.Fetched, Refresh: e.Fetched.Add(e.Refresh), Expires: e.Fetched.Add(e.Lifetime),
		}
		if about.Host != "" {
			holding.Pattern, holding.Hosts = about.Host, []string{about.Host}
		}
		all.List = append(all.List, holding)
	}
	return all, nil
}

// pattern is how the hosts of a token's registries look.
func (h *Helper) pattern(r registry.Registry) string {
	const account = "000000000000"
	if r.Service == registry.Private {
		r.Account = account
	}
	return strings.Replace(h.settings.Parser().Host(r), account, "*", 1)
}

// CacheStatus tells a person where the cache is and what keeps it from working. The error is that of broken settings.
func (h *Helper) CacheStatus() (cache.Status, error) {
	if h.settingsErr != nil {
		return cache.Status{}, h.settingsErr
	}
	return h.disk.Status(), nil
}

// Note makes registries known, as a Get does: Hosts and, while a token for them is kept, List name them.
func (h *Helper) Note(serverURLs ...string) {
	planner := h.planner()
	for _, serverURL := range serverURLs {
		if p, err := planner.For(serverURL); err == nil {
			h.disk.AddHost(p.Host)
		}
	}
}

// Forgotten counts what was taken out of the cache.
type Forgotten struct{ Tokens, Logins int }

// Forget takes out of the cache the login stored for the registry and every token that opens it, whichever profile,
// role or environment fetched it, and every refusal to give one, and no longer knows its name. Registries of other
// accounts in that region lose the same tokens.
func (h *Helper) Forget(serverURL string) (Forgotten, error) {
	var n Forgotten
	if h.settingsErr != nil {
		return n, h.settingsErr
	}
	p, err := h.planner().For(serverURL)
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
	// What does not open is found by its name alone.
	for _, key := range append(inv.Failures, p.TokenKey, p.LoginKey) {
		if about, ok := plan.AboutKey(key); ok && about.Opens(p) {
			failed = errors.Join(failed, h.cache.Delete(key))
		}
	}
	if err := errors.Join(failed, h.disk.RemoveHost(p.Host)); err != nil {
		return n, fmt.Errorf("cannot forget everything about %s: %w", p.Host, err)
	}
	return n, nil
}

// ForgetAll empties the cache, also of what other machines that share the folder keep in it, and says how many
// entries there were.
func (h *Helper) ForgetAll() (int, error) {
	if h.settingsErr != nil {
		return 0, h.settingsErr
	}
	inv := h.disk.Inventory() // Clear would also count refusals, which nobody was told of
	if _, err := h.disk.Clear(); err != nil {
		return 0, fmt.Errorf("cannot empty the cache: %w", err)
	}
	return len(inv.Items) + inv.OtherKey + inv.Damaged, nil
}
