package main

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// A roster is what is known of a person's registries without asking anybody: those that a client's configuration gives
// to this helper, under which name, and those that were served lately.
type roster struct {
	p *process

	// configured are the names as the files have them, each with the profile in its helper's name: a client asks its
	// helper by exactly these.
	configured map[string]string

	// plain has the profiles by host, for every other spelling of it.
	plain map[string]string

	// trouble is why a configuration could not be read.
	trouble []outcome

	helpers map[string]*ecrlogin.Helper // by profile
}

func (p *process) newRoster() *roster {
	r := &roster{p: p, configured: map[string]string{}, plain: map[string]string{}, helpers: map[string]*ecrlogin.Helper{}}
	r.readConfigured()
	return r
}

// readConfigured looks into the files of Docker and of podman and its kin. That nobody has one is nothing special, and
// neither is a service without a home.
func (r *roster) readConfigured() {
	var where dockerconfig.Locator
	if path, err := where.Docker(); err == nil {
		r.read(path, dockerconfig.Docker)
	}
	paths, _ := where.Containers()
	for _, path := range paths {
		r.read(path, dockerconfig.Containers)
	}
}

// read takes over what a file gives to this helper. Of two files that name a registry, the first counts.
func (r *roster) read(path string, client dockerconfig.Client) {
	file, err := dockerconfig.Read(path, client)
	if err != nil {
		if client == dockerconfig.Containers && errors.Is(err, fs.ErrPermission) {
			return // that of another user's podman, such as root's in /run/containers
		}
		// podman and its kin read Docker's file too.
		if !slices.ContainsFunc(r.trouble, func(o outcome) bool { return o.Error == oneLine(err.Error()) }) {
			r.trouble = append(r.trouble, failure(nil, err))
		}
		return
	}
	for _, h := range file.Helpers() {
		if _, known := r.configured[h.Host]; known || !progname.IsHelper(h.Name) {
			continue
		}
		profile := progname.Profile("docker-credential-" + h.Name)
		r.configured[h.Host] = profile
		host, err := registry.Host(h.Host)
		if _, known := r.plain[host]; err == nil && (!known || h.Host == host) {
			r.plain[host] = profile
		}
	}
}

// helper is the one by which a client asks for the server URL: that of the very name, else the one of its host. The
// profile in the program's own name comes before the one that is configured.
func (r *roster) helper(serverURL string) *ecrlogin.Helper {
	profile := progname.Profile(r.p.name)
	if profile == "" {
		var exact bool
		if profile, exact = r.configured[serverURL]; !exact {
			if host, err := registry.Host(serverURL); err == nil {
				profile = r.plain[host]
			}
		}
	}
	h := r.helpers[profile]
	if h == nil {
		h = r.p.helperFor(profile)
		r.helpers[profile] = h
	}
	return h
}

// hosts are all that are known, in order.
func (r *roster) hosts() []string {
	list := r.helper("").KnownHosts()
	for host := range r.configured {
		list = append(list, host)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// A batch is one token, and the registries that it opens.
type batch struct {
	token  ecrlogin.TokenID
	helper *ecrlogin.Helper
	hosts  []string
	named  bool            // by the person
	kept   ecrlogin.Status // what the cache has
}

// batches are the tokens of the registries named, or, when none is, of all that are configured, or noted and kept: each
// once. Registries that have no token to renew are told.
func (r *roster) batches(names []string) (list []*batch, told []outcome) {
	hosts, named := names, len(names) > 0
	if !named {
		hosts, told = r.hosts(), r.trouble
	}
	byToken := map[ecrlogin.TokenID]*batch{}
	for _, host := range hosts {
		_, configured := r.configured[host]
		helper := r.helper(host)
		kept, err := helper.Status(host)
		switch {
		case err != nil && (named || configured && !errors.Is(err, ecrlogin.ErrNotECR)):
			told = append(told, failure([]string{withoutUser(host)}, err))
			continue
		case err != nil: // not ours, or an alias of settings that are gone
			continue
		case !kept.Login.IsZero():
			told = append(told, outcome{Registries: []string{kept.Host}, Outcome: stored, Expires: kept.Login})
			continue
		case !named && !configured && kept.State == cache.Absent:
			continue
		}
		b := byToken[kept.Token]
		if b == nil {
			b = &batch{token: kept.Token, helper: helper, named: named, kept: kept}
			byToken[kept.Token] = b
			list = append(list, b)
		}
		if !slices.Contains(b.hosts, kept.Host) {
			b.hosts = append(b.hosts, kept.Host)
		}
	}
	return list, told
}

// withoutUser is a registry as it was typed, less what may hold a password.
func withoutUser(name string) string { return name[strings.LastIndexByte(name, '@')+1:] }
