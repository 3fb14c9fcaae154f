package ecrlogin_test

import (
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/4e881efc/ecr-credential-helper/"

// allowed lists, for each package that is not for tests, the packages of this module that it may
// import: the layers of docs/architecture.md.
var allowed = map[string][]string{
	"cache":                           nil,
	"cache/memory":                    {"cache"},
	"ecr-login/registry":              nil,
	"ecr-login/internal/identity":     {"ecr-login/registry"},
	"ecr-login/config":                {"ecr-login/registry"},
	"ecr-login/internal/dockerconfig": nil,
	"ecr-login/token":                 {"ecr-login/registry"},
	"ecr-login/internal/plan":         {"cache", "ecr-login/config", "ecr-login/internal/identity", "ecr-login/registry"},
	"ecr-login/internal/wording":      {"ecr-login/token"},
	"ecr-login":                       {"cache", "ecr-login/config", "ecr-login/internal/identity", "ecr-login/internal/plan", "ecr-login/registry", "ecr-login/token"},
	"ecr-login/internal/doctor": {
		"cache", "ecr-login", "ecr-login/config", "ecr-login/internal/dockerconfig",
		"ecr-login/internal/plan", "ecr-login/internal/wording", "ecr-login/registry", "ecr-login/token",
	},
	"ecr-login/internal/configure": {"ecr-login/config", "ecr-login/internal/dockerconfig", "ecr-login/registry"},
	"ecr-login/internal/clients":   {"ecr-login/internal/dockerconfig", "ecr-login/registry"},
	"ecr-login/internal/contents":  {"cache", "ecr-login/config", "ecr-login/internal/plan", "ecr-login/registry"},
	"ecr-login/internal/refresh":   {"cache", "ecr-login", "ecr-login/internal/clients", "ecr-login/internal/contents", "ecr-login/token"},
	"ecr-login/inmemory":           {"cache", "cache/memory", "ecr-login", "ecr-login/config"},
	"ecr-login/ggcr":               {"ecr-login", "ecr-login/token"},
	"ecr-login/oras":               {"ecr-login"},
	"ecr-login/internal/hit":       {"cache", "ecr-login/config", "ecr-login/internal/plan"},
	"ecr-login/internal/hit/stack": nil,
	"ecr-login/docker-credential-ecr-login": {
		"cache", "ecr-login", "ecr-login/config", "ecr-login/internal/clients", "ecr-login/internal/configure", "ecr-login/internal/contents",
		"ecr-login/internal/dockerconfig", "ecr-login/internal/doctor", "ecr-login/internal/hit", "ecr-login/internal/hit/stack",
		"ecr-login/internal/plan", "ecr-login/internal/refresh", "ecr-login/internal/wording", "ecr-login/registry", "ecr-login/token",
	},
}

// leaves are packages that import nothing of ours but other leaves. Every package below ecr-login
// may import them.
var leaves = []string{
	"ecr-login/internal/awsconfig",
	"ecr-login/internal/authtoken",
	"ecr-login/internal/environ",
	"ecr-login/internal/fileaccess",
	"ecr-login/internal/iamerr",
	"ecr-login/internal/neterr",
	"ecr-login/internal/process",
	"ecr-login/internal/logfile",
	"ecr-login/internal/nearest",
	"ecr-login/internal/progname",
	"ecr-login/internal/jwt",
	"ecr-login/internal/redact",
	"ecr-login/internal/regularfile",
	"ecr-login/internal/retry",
	"ecr-login/internal/terminal",
}

// only lists the packages that may import a costly package: the AWS SDK, because a hit must not pay
// for it, and go-cache, because it links encoding/gob.
var only = map[string][]string{
	"github.com/aws/":            {"ecr-login", "ecr-login/token"},
	"github.com/patrickmn/":      {"cache/memory"},
	"github.com/docker/":         {"ecr-login", "ecr-login/docker-credential-ecr-login"},
	"github.com/pelletier/":      {"ecr-login/config"},
	"github.com/tailscale/":      {"ecr-login/internal/dockerconfig", "ecr-login/docker-credential-ecr-login"},
	"github.com/zalando/":        {"cache"},
	"github.com/google/":         {"ecr-login/ggcr"},
	"oras.land/":                 {"ecr-login/oras"},
	"github.com/rogpeppe/":       {"ecr-login/internal/configure"},
	"github.com/spf13/":          {"ecr-login/docker-credential-ecr-login"},
	"net/http":                   {"ecr-login/oras", "ecr-login/internal/neterr", "ecr-login/internal/doctor", "ecr-login/token"},
	"crypto/tls":                 {"ecr-login/internal/neterr", "ecr-login/internal/doctor", "ecr-login/token"},
	"github.com/gofrs/flock":     {"cache", "ecr-login/internal/dockerconfig", "ecr-login/internal/logfile"},
	"golang.org/x/mod/":          {"ecr-login/internal/doctor"},
	"go.yaml.in/yaml/":           {"ecr-login/internal/doctor"},
	"golang.org/x/sync/":         {"cache"},
	"golang.org/x/sys/":          {"ecr-login/internal/process", "cache", "ecr-login/internal/identity", "ecr-login/config", "ecr-login/internal/dockerconfig"},
	"golang.org/x/term":          {"ecr-login/internal/terminal"},
	"regexp":                     nil,
	"text/template":              nil,
	"encoding/gob":               nil,
	"testing":                    nil,
	module + "ecr-login/ecrtest": nil,
}

func TestImports(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		if strings.HasPrefix(name, "ecr-login/ecrtest") || name == "ecr-login/internal/demo" {
			continue // packages for tests
		}
		ours, known := allowed[name]
		if slices.Contains(leaves, name) {
			known = true
		}
		if !strings.HasPrefix(name, "cache") {
			ours = slices.Concat(ours, leaves)
		}
		if !known {
			t.Errorf("%s is missing in the layers: add it to this test and to docs/architecture.md", name)
			continue
		}
		seen[name] = true
		for _, imported := range p.Imports {
			if local, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(ours, local) {
				t.Errorf("%s must not import %s, which is above or beside it", name, local)
			}
			for prefix, users := range only {
				if (imported == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(imported, prefix)) && !slices.Contains(users, name) {
					t.Errorf("%s imports %s", name, imported)
				}
			}
		}
	}
	for _, name := range slices.AppendSeq(slices.Clone(leaves), maps.Keys(allowed)) {
		if !seen[name] {
			t.Errorf("%s does not exist: remove it from this test and from docs/architecture.md", name)
		}
	}
}
