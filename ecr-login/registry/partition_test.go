package registry_test

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// A line in the table of partitions is all that a new partition needs for parsing, formatting and
// the rules of the settings. This test changes the table, so it does not run in parallel.
func TestNewPartition(t *testing.T) {
	const host, region = id + ".dkr.ecr.moon-north-1.amazonaws.moon.example", "moon-north-1"
	patterns := []string{
		host, id, id + "/" + region, "*/" + region, "*/moon-*", "*.dkr.ecr.*.amazonaws.moon.example",
		id + ".dkr-ecr-fips.moon-north-1.on.moon.example",
	}
	if _, err := registry.Parse(host); err == nil {
		t.Fatalf("%s is accepted without the partition", host)
	}
	t.Cleanup(registry.AddPartition())

	p := registry.Partitions()[0]
	if p.Name != "aws-moon" || len(p.Sample) != 4 {
		t.Fatalf("the added partition is %+v", p)
	}
	for _, want := range p.Sample {
		got, err := registry.Parse(want.Host())
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", want.Host(), got, err, want)
		}
	}
	if got := p.Sample[0].Host(); got != host {
		t.Errorf("formatted as %q, want %q", got, host)
	}
	if r, err := (registry.Parser{}).InRegion(region); err != nil || r.Partition != p.Name {
		t.Errorf("InRegion(%q) = %+v, %v", region, r, err)
	}
	if err := (registry.Suffix{Suffix: "amazonaws.moon.example", Partition: "x"}).Validate(); err == nil {
		t.Error("settings can assign the partition's suffix to another partition")
	}

	for _, pattern := range patterns {
		file := filepath.Join(t.TempDir(), "config.toml")
		if err := os.WriteFile(file, []byte("[[registry]]\nmatch = \""+pattern+"\"\nprofile = \"moon\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := config.Load(func(name string) (string, bool) {
			return map[string]string{"ECR_LOGIN_CONFIG": file}[name], true
		})
		if err != nil {
			t.Errorf("rule for %s: %v", pattern, err)
			continue
		}
		matched := slices.ContainsFunc(p.Sample, func(r registry.Registry) bool {
			m, err := s.Match(r.Host())
			return err == nil && m.Profile == "moon"
		})
		if !matched {
			t.Errorf("the rule for %s matches no registry of the partition", pattern)
		}
	}

	if missing := missingGlobs(t); len(missing) == 0 {
		t.Error("the Kubernetes files match hosts of a partition that they do not name")
	}
}

// The kubelet starts the program for every private host in the table, and for ECR Public.
func TestKubernetesMatchesEveryPartition(t *testing.T) {
	if missing := missingGlobs(t); len(missing) > 0 {
		t.Errorf("no matchImages for\n%s", strings.Join(missing, "\n"))
	}
}

// missingGlobs returns the hosts that a file in packaging/kubernetes has no glob for.
func missingGlobs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../packaging/kubernetes/credential-provider*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("found %q, %v", files, err)
	}
	hosts := []string{registry.PublicHost}
	for _, p := range registry.Partitions() {
		for _, r := range p.Sample {
			hosts = append(hosts, r.Host())
		}
	}
	var missing []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, globs := range matchImages(string(text)) {
			for _, host := range hosts {
				// A provider for service accounts needs no globs for ECR Public.
				if host == registry.PublicHost && !slices.Contains(globs, host) && strings.Contains(string(text), "requireServiceAccount") && i == 0 {
					continue
				}
				if !slices.ContainsFunc(globs, func(glob string) bool { return kubeletMatches(glob, host) }) {
					missing = append(missing, filepath.Base(file)+": "+host)
				}
			}
		}
	}
	return missing
}

// matchImages returns the globs of each provider in a CredentialProviderConfig.
func matchImages(text string) [][]string {
	var all [][]string
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		glob, item := strings.CutPrefix(line, "- ")
		switch {
		case line == "matchImages:":
			all, inside = append(all, nil), true
		case inside && item:
			all[len(all)-1] = append(all[len(all)-1], strings.Trim(glob, `"`))
		case !strings.HasPrefix(line, "#"):
			inside = false
		}
	}
	return all
}

// kubeletMatches reports whether the kubelet's rule matches the host: as many labels, and each
// label matches its glob (kubernetes, pkg/credentialprovider/keyring.go).
func kubeletMatches(glob, host string) bool {
	globs, labels := strings.Split(glob, "."), strings.Split(host, ".")
	if len(globs) != len(labels) {
		return false
	}
	for i := range globs {
		if ok, err := path.Match(globs[i], labels[i]); err != nil || !ok {
			return false
		}
	}
	return true
}
