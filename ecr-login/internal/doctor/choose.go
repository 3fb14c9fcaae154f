package doctor

import (
	"slices"
	"strings"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// maxRegistries is how many registries are looked at unasked: each takes a handful of requests.
const maxRegistries = 8

// chosen are the registries to look at.
func (d *doctor) chosen() []*target {
	if d.Registry != "" {
		t, problem := d.parse(d.Registry)
		if problem != nil {
			d.start("registry", "", nil, func() []Finding { return one(*problem) })
			return nil
		}
		return []*target{t}
	}
	var hosts []string
	s := d.begin("registries", "", []*step{d.set}, []*step{d.configured}, func() (f []Finding) {
		hosts, f = d.choose()
		return f
	})
	if s.wait(d.ctx); !s.held() {
		return nil
	}
	var all []*target
	for _, h := range hosts {
		all = append(all, &target{host: h})
	}
	return all
}

// parse takes a registry's name, or an image's, apart.
func (d *doctor) parse(name string) (*target, *Finding) {
	rest := strings.TrimSpace(name)
	if i := strings.Index(rest, "://"); i >= 0 {
		rest = rest[i+len("://"):]
	}
	host, image, _ := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:] // what stands before it may be a password
	t := &target{reference: "latest"}
	var err error
	if t.host, err = registry.Host(host); err != nil {
		f := fail("name a registry, as 123456789012.dkr.ecr.eu-west-1.amazonaws.com", "%q names no registry: %v", host, err)
		return nil, &f
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
		f := fail("name an image as HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST", "%q names no image", host+"/"+image)
		return nil, &f
	}
	return t, nil
}

// choose finds registries when none was named: those that Docker's configuration gives to this program, else the one
// of the credentials' own account and region.
func (d *doctor) choose() ([]string, []Finding) {
	if d.config != nil {
		var hosts []string
		add := func(key string) {
			if host, err := registry.Host(key); err == nil && d.isECR(host) && !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
		for _, host := range d.config.served() {
			add(host)
		}
		if progname.IsHelper(d.config.Store()) {
			for _, a := range d.config.Auths() {
				add(a.Key)
			}
		}
		if n := len(hosts); n > maxRegistries {
			return hosts[:maxRegistries], one(ok("the first %d of %d that %s has; name one to look at another", maxRegistries, n, d.config.Path))
		}
		if len(hosts) > 0 {
			return hosts, one(ok("%s of %s", count(len(hosts), "registry", "registries"), d.config.Path))
		}
	}
	caller, err := ecrlogin.New(d.Helper).Caller(d.ctx, "")
	if err != nil {
		return nil, one(noChoice(err))
	}
	if caller.Region == "" {
		return nil, one(fail("name a registry, or set AWS_REGION", "none is configured, and %s has no region from which to tell one", caller.ARN))
	}
	host := caller.Registry(d.settings.Parser())
	if host == "" {
		return nil, one(fail("name a registry", "none is configured, and none can be told from %s and region %s", caller.ARN, caller.Region))
	}
	return []string{host}, one(ok("none is configured: that of the account and region of %s", caller.ARN))
}

func noChoice(err error) Finding {
	fix := "name a registry"
	if e, ok := err.(*ecrlogin.Error); ok && e.Hint() != "" {
		fix = e.Hint()
	}
	return fail(fix, "none is configured, and none can be told from the credentials: %v", err)
}
