package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// configure is the command that mends most of what a configuration lacks.
const configure = "docker-credential-ecr-login configure "

// dockerFile is Docker's configuration as it was read; nil when it could not be.
type dockerFile struct{ *dockerconfig.Config }

// ours are the names under which the file knows this program, each once.
func (c *dockerFile) ours() []string {
	var names []string
	add := func(name string) {
		if progname.IsHelper(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, h := range c.Helpers() {
		add(h.Name)
	}
	add(c.Store())
	return names
}

// served are the hosts for which the file names this program.
func (c *dockerFile) served() []string {
	var hosts []string
	for _, h := range c.Helpers() {
		if progname.IsHelper(h.Name) {
			hosts = append(hosts, h.Host)
		}
	}
	return hosts
}

// programOf is the program of a helper, for people: what stands there by mistake may have a password in it.
func programOf(helper string) string { return prefix + redact.UserInfo(helper) }

// hostIn is the host that a key is about, also when there is user info before it, with which no client finds it.
func hostIn(key string) (string, error) {
	host, err := registry.Host(key)
	if at := strings.LastIndexByte(key, '@'); err != nil && at >= 0 {
		return registry.Host(key[at+1:])
	}
	return host, err
}

// checkConfig reads Docker's configuration for all who need it.
func (d *doctor) checkConfig() []Finding {
	path, err := dockerconfig.Locator{}.Docker()
	if err != nil {
		return one(configFailure(err))
	}
	d.configPath = path
	c, err := dockerconfig.Read(path, dockerconfig.Docker)
	if err != nil {
		return one(configFailure(err))
	}
	d.config = &dockerFile{c}
	if err := c.Broken(); err != nil {
		return one(configFailure(err))
	}
	if !c.Exists {
		return one(ok("%s is not there", path))
	}
	return one(ok("%s", path))
}

func configFailure(err error) Finding {
	var e *dockerconfig.Error
	fix := "mend the file"
	if errors.As(err, &e) && e.Hint() != "" {
		fix = e.Hint()
	}
	return fail(fix, "%v", err)
}

// checkEntry says whom Docker asks for a registry, which decides everything else.
func (d *doctor) checkEntry(host string) []Finding {
	c := d.config
	where := func(line int) string { return fmt.Sprintf("%s:%d", c.Path, line) }
	switch a := c.For(host); {
	case a.Source == dockerconfig.FromHelpers && progname.IsHelper(a.Helper):
		return one(ok("credHelpers has it: docker runs %s", programOf(a.Helper)))
	case a.Source == dockerconfig.FromStore && progname.IsHelper(a.Helper):
		return one(ok("credsStore is for all registries: docker runs %s", programOf(a.Helper)))
	case a.Source == dockerconfig.FromHelpers:
		return one(fail(configure+host, "docker asks %s, by credHelpers in %s", programOf(a.Helper), where(a.Line)))
	case a.Source == dockerconfig.FromStore:
		return one(fail(configure+host, "docker asks %s, by credsStore in %s", programOf(a.Helper), where(a.Line)))
	case a.Source == dockerconfig.FromAuths && a.Auth.Secret():
		state := ""
		if end, known := endOf(c.Config, a.Auth.Key); known && !end.After(d.Now()) {
			state = ", which has expired"
		}
		return one(fail(configure+host, "docker uses the password in auths of %s%s, and asks no helper", where(a.Line), state))
	}
	for _, h := range c.Helpers() {
		if name, err := hostIn(h.Host); err == nil && name == host && progname.IsHelper(h.Name) {
			return one(fail("write the bare host: "+host, "the credHelpers key %q in %s never matches: docker looks for %s", redact.UserInfo(h.Host), where(h.Line), host))
		}
	}
	file := c.Path
	if !c.Exists {
		file += ", which is not there"
	}
	return one(fail(configure+host, "docker asks nobody: no entry in %s", strings.TrimSpace(file)))
}
