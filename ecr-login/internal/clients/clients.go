// Package clients finds the registries for which the configuration files of docker and podman name
// this program, and the AWS profile of each.
//
// It reads the files that those clients read, in their order, and changes nothing.
package clients

import (
	"errors"
	"io/fs"
	"maps"
	"slices"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Registries are the registries for which a client's configuration names this program.
type Registries struct {
	// Errors are those of the files that could not be read.
	Errors []error

	// profiles has the profile of each helper by the exact key of credHelpers: a client looks up
	// its helper by exactly that text.
	profiles map[string]string

	// byHost has the profiles by host, for every other spelling of it.
	byHost map[string]string

	// others are the hosts for which docker runs another helper.
	others map[string]bool

	// store is the profile of the helper in Docker's credsStore, which docker runs for every
	// registry without an entry in credHelpers.
	store    string
	hasStore bool
}

// Read reads the files of docker and podman. A file that does not exist is not an error, and
// neither is a service that has no home directory.
func Read(where dockerconfig.Locator) *Registries {
	r := &Registries{profiles: map[string]string{}, byHost: map[string]string{}, others: map[string]bool{}}
	if path, err := where.Docker(); err == nil {
		r.read(path, dockerconfig.Docker)
	}
	paths, _ := where.Containers()
	for _, path := range paths {
		r.read(path, dockerconfig.Containers)
	}
	return r
}

// read adds the entries of one file. Where two files name the same registry, the first one applies.
func (r *Registries) read(path string, client dockerconfig.Client) {
	file, err := dockerconfig.Read(path, client)
	if err != nil {
		if client == dockerconfig.Containers && errors.Is(err, fs.ErrPermission) {
			return // the file of another user's podman, such as root's in /run/containers
		}
		// podman reads Docker's file too: the same error is reported once.
		if !slices.ContainsFunc(r.Errors, func(e error) bool { return e.Error() == err.Error() }) {
			r.Errors = append(r.Errors, err)
		}
		return
	}
	if store := file.Store(); progname.IsHelper(store) {
		r.store, r.hasStore = progname.Profile(progname.Prefix+store), true
	}
	for _, h := range file.Helpers() {
		if !progname.IsHelper(h.Name) {
			r.others[h.Host] = true
		}
		if _, known := r.profiles[h.Host]; known || !progname.IsHelper(h.Name) {
			continue
		}
		profile := progname.Profile(progname.Prefix + h.Name)
		r.profiles[h.Host] = profile
		host, err := registry.Host(h.Host)
		if _, known := r.byHost[host]; err == nil && (!known || h.Host == host) {
			r.byHost[host] = profile
		}
	}
}

// Profile returns the profile in the name of the helper that a client would start for the server
// URL: the one of that exact key, else the one of its host, else the one of credsStore. found is
// false when no client would start this program.
func (r *Registries) Profile(serverURL string) (profile string, found bool) {
	if profile, found = r.profiles[serverURL]; found {
		return profile, true
	}
	host, err := registry.Host(serverURL)
	if err != nil {
		return "", false
	}
	if profile, found = r.byHost[host]; found || r.others[host] {
		return profile, found
	}
	return r.store, r.hasStore
}

// CommonProfile returns the profile of the helpers of all included keys, and without any such key the
// one of credsStore. It is empty when the helpers have different profiles.
func (r *Registries) CommonProfile(include func(key string) bool) string {
	common, found := r.store, false
	for _, key := range r.Keys() {
		profile := r.profiles[key]
		switch {
		case !include(key):
		case found && profile != common:
			return ""
		default:
			common, found = profile, true
		}
	}
	return common
}

// Contains reports whether a client's file has this exact key.
func (r *Registries) Contains(key string) bool {
	_, ok := r.profiles[key]
	return ok
}

// KeysOf returns the keys of credHelpers that name this program with the profile, sorted.
func (r *Registries) KeysOf(profile string) []string {
	return slices.DeleteFunc(r.Keys(), func(key string) bool { return r.profiles[key] != profile })
}

// Keys returns the keys of credHelpers that name this program, sorted.
func (r *Registries) Keys() []string { return slices.Sorted(maps.Keys(r.profiles)) }
