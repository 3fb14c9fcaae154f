package configure

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// publicHosts are the names of ECR Public.
var publicHosts = []string{registry.PublicHost, registry.PublicHostDualStack}

// Hosts returns the registries in the arguments of Configure as clients write them, each once, and
// with public both names of ECR Public. An argument is a host, a URL or the name of an image.
func (s *Session) Hosts(args []string, public bool) ([]string, error) {
	var all []string
	for _, arg := range args {
		if account := strings.ReplaceAll(arg, "-", ""); isAccount(account) {
			return nil, s.accountAlone(account)
		}
		m, err := s.options.Settings.Match(serverOf(arg))
		switch {
		case errors.Is(err, registry.ErrNotECR):
			return nil, problem(
				"configure takes Amazon ECR registries and the aliases in the settings",
				"%s: %w", redact.UserInfo(arg), err)
		case err != nil:
			return nil, err
		}
		all = append(all, m.Host)
	}
	if public {
		all = append(all, publicHosts...)
	}
	return unique(all), nil
}

// isAccount reports whether the text is an AWS account ID. The AWS console also shows it with hyphens.
func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// accountAlone returns the error for an account ID in place of a registry. Its advice is the registry
// of the account in the region of one of its profiles, else of the environment or the current profile.
func (s *Session) accountAlone(account string) error {
	region := ""
	for _, p := range s.profiles() {
		if p.Account == account {
			region = cmp.Or(region, p.Region)
		}
	}
	if aws := s.options.AWS; aws != nil {
		_, current := aws.Profile()
		region = cmp.Or(region, environ.Get(s.options.Environ, "AWS_REGION"), environ.Get(s.options.Environ, "AWS_DEFAULT_REGION"), current.Get("region"))
	}
	host, complete := s.exampleOf(account, region)
	advice := "run: " + progname.Program + " configure " + host
	if !complete {
		advice = "use " + host + ", with the region for REGION"
	}
	return problem(advice, "%s is an account ID, not a registry", account)
}

// exampleOf returns the registry of an account in a region, with REGION in its name if the region is
// not one. complete is false then.
func (s *Session) exampleOf(account, region string) (host string, complete bool) {
	parser := s.options.Settings.Parser()
	if r, err := parser.InRegion(region); err == nil {
		r.Account = account
		return parser.Host(r), true
	}
	return account + ".dkr.ecr.REGION.amazonaws.com", false
}

// Example returns the name of a registry for a hint: of an account in the AWS files, if they have one.
func (s *Session) Example() string {
	for _, p := range s.profiles() {
		if isAccount(p.Account) {
			host, _ := s.exampleOf(p.Account, p.Region)
			return host
		}
	}
	return "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
}

// HostsToRemove returns the hosts in the arguments of Unconfigure. They need not be ECR hosts.
func HostsToRemove(args []string, public bool) ([]string, error) {
	var all []string
	for _, arg := range args {
		host, err := registry.Host(serverOf(arg))
		if err != nil {
			return nil, err
		}
		all = append(all, host)
	}
	if public {
		all = append(all, publicHosts...)
	}
	return unique(all), nil
}

// serverOf returns the part of an image's name before the repository. The whole name may be longer
// than a server URL can be. skopeo and helm put a scheme of their own before it.
func serverOf(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "docker://"), "oci://")
	scheme, rest, ok := strings.Cut(name, "://")
	if !ok {
		scheme, rest = "", name
	} else {
		scheme += "://"
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + host
}

// unique returns the strings without repetitions, in the same order.
func unique(all []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool {
		again := seen[s]
		seen[s] = true
		return again
	})
}
