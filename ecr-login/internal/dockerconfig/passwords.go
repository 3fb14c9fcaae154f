package dockerconfig

import (
	"errors"
	"path/filepath"
	"runtime"

	"github.com/tailscale/hujson"
)

// A PasswordFile is a file in which another program may store the passwords of registries. It is
// only read.
type PasswordFile struct {
	Program string // the program that reads it
	Path    string

	logout string               // the command that removes a login; empty: none
	auths  func(*Config) []Auth // finds the entries
}

// PasswordFiles returns the files of programs that do not share Docker's or podman's files. Without
// a home directory it returns those that environment variables name.
//
// Sources: helm (pkg/cli/environment.go, pkg/helmpath), regclient (cmd/regctl/config.go),
// containers/ image (pkg/docker/config/config.go) for ~/.dockercfg, which Docker itself no longer
// reads, and the docker snap, which sets HOME to a directory of its own.
func (l Locator) PasswordFiles() (all []PasswordFile) {
	home := l.home()
	add := func(f PasswordFile, variable string, below ...string) {
		f.Path = l.env(variable)
		if f.Path == "" && len(below) > 0 && below[0] != "" {
			f.Path = filepath.Join(below...)
		}
		if path, err := filepath.Abs(f.Path); err == nil && f.Path != "" {
			f.Path = path
			all = append(all, f)
		}
	}
	add(PasswordFile{Program: "helm", logout: "helm registry logout ", auths: (*Config).Auths}, "HELM_REGISTRY_CONFIG", l.helmConfig(), "registry", "config.json")
	add(PasswordFile{Program: "regctl", logout: "regctl registry logout ", auths: (*Config).regctlAuths}, "REGCTL_CONFIG", home, ".regctl", "config.json")
	add(PasswordFile{Program: "podman", auths: (*Config).legacyAuths}, "", home, ".dockercfg")
	if runtime.GOOS == "linux" {
		add(PasswordFile{Program: "the docker snap", logout: "/snap/bin/docker logout ", auths: (*Config).Auths}, "", home, "snap", "docker", "current", ".docker", "config.json")
	}
	return all
}

// helmConfig returns Helm's configuration directory, empty when it is not known.
func (l Locator) helmConfig() string {
	if dir := l.env("HELM_CONFIG_HOME"); dir != "" {
		return dir
	}
	if dir := l.env("XDG_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, "helm")
	}
	home := l.home()
	switch {
	case runtime.GOOS == "windows" && l.env("APPDATA") != "":
		return filepath.Join(l.env("APPDATA"), "helm")
	case home == "" || runtime.GOOS == "windows":
		return ""
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Preferences", "helm")
	}
	return filepath.Join(home, ".config", "helm")
}

// Logout returns the command that removes the login of a host, or an empty string.
func (f PasswordFile) Logout(host string) string {
	if f.logout == "" {
		return ""
	}
	return f.logout + host
}

// Auths returns the entries that hold a password or a token. A missing file has none.
func (f PasswordFile) Auths() (secrets []Auth, err error) {
	for range attempts {
		secrets, err = f.read()
		if !errors.Is(err, errRetry) {
			return secrets, err
		}
	}
	return nil, keepsChanging(f.Path)
}

func (f PasswordFile) read() (secrets []Auth, err error) {
	t, err := locate(f.Path)
	if err != nil {
		return nil, err
	}
	text, err := t.readText()
	if err != nil {
		return nil, err
	}
	c, problem := parse(text, Docker)
	if problem != nil {
		problem.Path = f.Path
		return nil, problem
	}
	for _, a := range f.auths(c) {
		if a.Secret() {
			secrets = append(secrets, a)
		}
	}
	return secrets, nil
}

// regctlAuths returns the entries of regctl's file.
func (c *Config) regctlAuths() (all []Auth) {
	c.entries("hosts", func() { all = nil }, func(host string, v hujson.Value) {
		a := Auth{Key: host, Line: c.line(v.StartOffset)}
		for _, m := range members(v) {
			switch {
			case is(nameOf(m), "pass"):
				a.Password = text(m.Value) != ""
			case is(nameOf(m), "token"):
				a.Token = text(m.Value) != ""
			}
		}
		all = append(all, a)
	})
	return lastOfEach(all, func(a Auth) string { return a.Key })
}

// legacyAuths returns the entries of ~/.dockercfg: they are the file's own members.
func (c *Config) legacyAuths() (all []Auth) {
	for _, m := range members(c.root) {
		all = append(all, c.auth(nameOf(m), m.Value))
	}
	return lastOfEach(all, func(a Auth) string { return a.Key })
}
