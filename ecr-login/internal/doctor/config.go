package doctor

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Commands of this program that fix what a client's configuration lacks.
const (
	configure = "docker-credential-ecr-login configure "
	doctorFix = "docker-credential-ecr-login doctor --fix"
)

// A dockerConfig is a client's configuration file as it was read.
type dockerConfig struct{ *dockerconfig.Config }

// helperNames returns the names under which the file has this program, without duplicates.
func (c *dockerConfig) helperNames() []string {
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

// at returns a place in the file.
func (c *dockerConfig) at(line int) string { return fmt.Sprintf("%s:%d", c.Path, line) }

// programName returns the program of a helper, without what may be a password written there by
// mistake.
func programName(helper string) string { return progname.Prefix + redact.UserInfo(helper) }

// hostOf returns the host that a key of auths or credHelpers is about. A key with user info before
// the host counts, although no client finds it.
func hostOf(key string) (string, error) {
	host, err := registry.Host(key)
	if at := strings.LastIndexByte(key, '@'); err != nil && at >= 0 {
		return registry.Host(key[at+1:])
	}
	return host, err
}

// checkConfig reads Docker's configuration.
func (d *doctor) checkConfig() []Finding {
	path, err := dockerconfig.Locator{}.Docker()
	if err != nil {
		return one(badConfig(err))
	}
	d.configPath = path
	c, err := dockerconfig.Read(path, dockerconfig.Docker)
	if err != nil {
		return one(badConfig(err))
	}
	d.config = &dockerConfig{c}
	if err := c.Broken(); err != nil {
		return one(badConfig(err))
	}
	all := append(d.checkAuthVariable(), wrongTypes(c)...)
	if !c.Exists {
		return append(all, ok("%s does not exist", path))
	}
	return append(all, ok("%s", path))
}

// wrongTypes reports values in other keys that docker cannot decode.
func wrongTypes(c *dockerconfig.Config) (all []Finding) {
	for _, err := range c.WrongTypes() {
		var e *dockerconfig.Error
		errors.As(err, &e)
		all = append(all, warn(e.Hint(), "%v; docker warns about the file, and crane, ko and cosign refuse it", e))
	}
	return all
}

// checkAuthVariable reads the logins in DOCKER_AUTH_CONFIG.
func (d *doctor) checkAuthVariable() []Finding {
	value := os.Getenv(dockerconfig.AuthVariable)
	if value == "" {
		return nil
	}
	var err error
	if d.authVariable, err = dockerconfig.ParseAuthVariable(value); err != nil {
		return one(warn("unset "+dockerconfig.AuthVariable, "docker ignores %s and prints a warning for each command: %v", dockerconfig.AuthVariable, err))
	}
	return nil
}

func badConfig(err error) Finding {
	var e *dockerconfig.Error
	fix := "correct the file"
	if errors.As(err, &e) && e.Hint() != "" {
		fix = e.Hint()
	}
	return fail(fix, "%v", err)
}

// Entry returns the finding about where docker gets the credentials of a host, or about a
// configuration that cannot be read.
func Entry(host string) Finding {
	d := &doctor{Options: Options{Now: time.Now}}
	findings := d.checkConfig()
	if Healthy(findings) {
		findings = d.checkEntry(host)
	}
	f := findings[len(findings)-1]
	f.Check, f.Registry = "entry", host
	return f
}

// expired returns the words to add to a login whose token is known to have expired.
func (d *doctor) expired(end time.Time, known bool) string {
	if known && !end.After(d.Now()) {
		return ", expired"
	}
	return ""
}

// checkEntry reports where Docker gets the credentials of a registry, which decides everything
// else.
func (d *doctor) checkEntry(host string) []Finding {
	c := d.config
	if auth, found := d.authVariable[host]; found {
		return one(fail("remove "+host+" from "+dockerconfig.AuthVariable,
			"docker 28.3 and newer runs no helper: it uses the login in %s%s", dockerconfig.AuthVariable, d.expired(loginExpiry(auth))))
	}
	fix := configure + host
	switch a := c.For(host); {
	case a.Source == dockerconfig.FromHelpers && progname.IsHelper(a.Helper):
		return one(ok("credHelpers: docker runs %s", programName(a.Helper)))
	case a.Source == dockerconfig.FromStore && progname.IsHelper(a.Helper):
		return one(ok("credsStore: docker runs %s for every registry", programName(a.Helper)))
	case a.Source == dockerconfig.FromHelpers:
		return one(fail(fix, "docker runs another helper: %s, credHelpers in %s", programName(a.Helper), c.at(a.Line)))
	case a.Source == dockerconfig.FromStore:
		return one(fail(fix, "docker runs another helper: %s, credsStore in %s", programName(a.Helper), c.at(a.Line)))
	case a.Source == dockerconfig.FromAuths && a.Auth.Secret():
		return one(fail(fix, "docker runs no helper: it uses the password in auths, %s%s", c.at(a.Line), d.expired(expiry(c.Config, a.Auth.Key))))
	}
	for _, h := range c.Helpers() {
		if name, err := hostOf(h.Host); err == nil && name == host && progname.IsHelper(h.Name) {
			return one(fail(fix, "credHelpers key %q never matches, docker looks for %q; %s", redact.UserInfo(h.Host), host, c.at(h.Line)))
		}
	}
	if !c.Exists {
		return one(fail(fix, "docker runs no helper: %s does not exist", c.Path))
	}
	return one(fail(fix, "docker runs no helper: no entry in %s", c.Path))
}
