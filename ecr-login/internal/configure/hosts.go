package configure

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// publicHosts are the names of ECR Public.
var publicHosts = []string{registry.PublicHost, registry.PublicHostDualStack}

// checkProfile refuses a profile that cannot be part of a program's name.
func checkProfile(name string) error {
	if strings.ContainsAny(name, "/\\\x00\n\r\t \"'") || strings.HasPrefix(name, "-") || strings.HasSuffix(strings.ToLower(name), ".exe") {
		return problem(
			fmt.Sprintf("add a rule with profile = %q to the settings; see the section SETTINGS of: docker-credential-ecr-login man", name),
			"profile %q cannot be part of a program's name", name)
	}
	return nil
}

// Hosts returns the registries in the arguments of Configure as clients write them, each once, and
// with public both names of ECR Public. An argument is a host, a URL or the name of an image.
func (s *Session) Hosts(args []string, public bool) ([]string, error) {
	var all []string
	for _, arg := range args {
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
