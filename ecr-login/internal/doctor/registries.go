package doctor

import (
	"errors"
	"slices"
	"strings"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// maxRegistries is how many of the configured registries are checked: each takes several requests.
const maxRegistries = 8

// targets returns the registries to check. It waits until they are known.
func (d *doctor) targets() []*target {
	if d.Registry != "" {
		t, err := parseTarget(d.Registry)
		if err != nil {
			d.start(&step{name: "registry", check: func() []Finding { return one(badTarget(err)) }})
			return nil
		}
		return []*target{t}
	}
	var hosts []string
	s := d.start(&step{name: "registries", needs: []*step{d.settingsFile}, after: []*step{d.dockerFile}, check: func() (f []Finding) {
		hosts, f = d.findRegistries()
		return f
	}})
	if s.wait(d.ctx); !s.healthy() {
		return nil
	}
	var all []*target
	for _, h := range hosts {
		all = append(all, &target{host: h})
	}
	return all
}

// An invalidTarget is the error for a text that is neither a registry nor an image.
type invalidTarget struct {
	text  string // without what may be a password
	image bool   // the registry is fine, the image is not
	err   error
}

func (e *invalidTarget) Error() string { return e.text + ": " + e.err.Error() }

func badTarget(err error) Finding {
	var e *invalidTarget
	switch {
	case !errors.As(err, &e):
		return fail("", "%v", err)
	case e.image:
		return fail("write the image as HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST", "%q is not an image: %v", e.text, e.err)
	}
	return fail("write a registry such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com", "%q is not a registry: %v", e.text, e.err)
}

var errBadName = errors.New("invalid characters, or an empty tag or digest")

// parseTarget splits the name of a registry, repository or image into its parts.
func parseTarget(name string) (*target, error) {
	rest := strings.TrimSpace(name)
	if i := strings.Index(rest, "://"); i >= 0 {
		rest = rest[i+len("://"):]
	}
	host, image, _ := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:] // the part before it may be a password
	t := &target{reference: "latest"}
	var err error
	if t.host, err = registry.Host(host); err != nil {
		return nil, &invalidTarget{text: host, err: err}
	}
	image = strings.Trim(image, "/")
	if before, digest, ok := strings.Cut(image, "@"); ok {
		image, t.reference = before, digest
		image, _, _ = strings.Cut(image, ":")
	} else if before, tag, ok := strings.Cut(image, ":"); ok {
		image, t.reference = before, tag
	}
	if image != "v2" { // a registry's URL, as clients write it
		t.repository = image
	}
	if strings.ContainsAny(t.repository+t.reference, "?#% \\") || t.reference == "" {
		return nil, &invalidTarget{text: host + "/" + image, image: true, err: errBadName}
	}
	return t, nil
}

// findRegistries returns the registries to check when none was named: those for which Docker's
// configuration names this program, else the one of the credentials' own account and region.
func (d *doctor) findRegistries() ([]string, []Finding) {
	if hosts := d.configuredRegistries(); len(hosts) > maxRegistries {
		return hosts[:maxRegistries], one(ok("the first %d of %d in %s; name a registry to check another", maxRegistries, len(hosts), d.config.Path))
	} else if len(hosts) > 0 {
		return hosts, one(ok("%s in %s", wording.Count(len(hosts), "registry", "registries"), d.config.Path))
	}
	caller, err := ecrlogin.New(d.Helper).Caller(d.ctx, "")
	if err != nil {
		fix := "name a registry"
		var e *ecrlogin.Error
		if errors.As(err, &e) && e.Hint() != "" {
			fix = e.Hint()
		}
		return nil, one(fail(fix, "none configured, and the credentials name no account: %v", err))
	}
	if caller.Region == "" {
		return nil, one(fail("name a registry, or set AWS_REGION", "none configured, and no region is set for %s", caller.ARN))
	}
	host := caller.Registry(d.settings.Parser())
	if host == "" {
		return nil, one(fail("name a registry", "none configured, and %s has no registry in region %s", caller.ARN, caller.Region))
	}
	return []string{host}, one(ok("none configured, using account and region of %s", caller.ARN))
}

// configuredRegistries returns the ECR hosts for which Docker's configuration names this program.
func (d *doctor) configuredRegistries() []string {
	if d.config == nil {
		return nil
	}
	var hosts []string
	add := func(key string) {
		if host, err := registry.Host(key); err == nil && d.isECR(host) && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	for _, h := range d.config.Helpers() {
		if progname.IsHelper(h.Name) {
			add(h.Host)
		}
	}
	if progname.IsHelper(d.config.Store()) {
		for _, a := range d.config.Auths() {
			add(a.Key)
		}
	}
	return hosts
}

// isECR reports whether a host is an ECR registry or an alias of one.
func (d *doctor) isECR(host string) bool {
	_, err := d.settings.Match(host)
	return err == nil
}
