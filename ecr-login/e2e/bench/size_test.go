package main

import (
	"debug/elf"
	"os"
	"path/filepath"
	"testing"
)

func TestGroupOf(t *testing.T) {
	t.Parallel()
	for symbol, want := range map[string]string{
		"net/http.(*Transport).dialConn":                                               "Go: net, net/http",
		"net.(*Resolver).lookupIP":                                                     "Go: net, net/http",
		"crypto/internal/fips140/nistec.p256PrecomputedEmbed":                          "Go: crypto, crypto/tls, crypto/x509",
		"vendor/golang.org/x/crypto/chacha20poly1305.chacha20Poly1305Seal.abi0":        "Go: crypto, crypto/tls, crypto/x509",
		"runtime.mallocgc":                                                             "Go: runtime",
		"internal/runtime/maps.(*table).reset":                                         "Go: runtime",
		"memeqbody":                                                                    "Go: runtime",
		"unicode.map.init.2":                                                           "Go: other packages",
		"main.main":                                                                    "this project",
		"github.com/4e881efc/ecr-credential-helper/cache.(*Disk).Get":                  "this project",
		"github.com/aws/aws-sdk-go-v2/service/ecr.resolveResult":                       "AWS SDK: service ecr",
		"github.com/aws/aws-sdk-go-v2/service/ecr/internal/endpoints.init":             "AWS SDK: service ecr",
		"github.com/aws/aws-sdk-go-v2/service/ecrpublic.resolveResult":                 "AWS SDK: service ecrpublic",
		"github.com/aws/aws-sdk-go-v2/service/ssooidc.resolveResult":                   "AWS SDK: service ssooidc",
		"github.com/aws/aws-sdk-go-v2/config.(*SharedConfig).setFromIniSection":        "AWS SDK: core, config, credentials",
		"github.com/aws/smithy-go/middleware.(*Stack).Swap":                            "AWS SDK: smithy-go",
		"github.com/pelletier/go-toml/v2.(*decoder).walkTable":                         "github.com/pelletier/go-toml",
		"golang.org/x/sys/unix.Fstatat":                                                "golang.org/x/sys",
		"gopkg.in/yaml%2ev3.init":                                                      "gopkg.in/yaml.v3",
		"slices.SortFunc[go.shape.[]github.com/aws/smithy-go/document.Field,go.shape]": "Go: other packages",
		"type:.eq.net/http.connectMethodKey":                                           namelessData,
		"go:itab.*os.File,io.Reader":                                                   namelessData,
		"go:func.*":                                                                    functionTables,
		"runtime.findfunctab":                                                          functionTables,
	} {
		if got := groupOf(symbol); got != want {
			t.Errorf("group of %s is %q, want %q", symbol, got, want)
		}
	}
}

func TestSizeOf(t *testing.T) {
	t.Parallel()
	s := sizeOf(100, map[string]int64{"b": 30, "a": 30, "c": 35})
	want := []group{{"c", 35}, {"a", 30}, {"b", 30}, {"headers and gaps", 5}}
	if len(s.Groups) != len(want) {
		t.Fatalf("got %v", s.Groups)
	}
	for i := range want {
		if s.Groups[i] != want[i] {
			t.Errorf("group %d is %v, want %v", i, s.Groups[i], want[i])
		}
	}
}

// TestGroupSymbols checks that the groups of a real binary add up to its loaded part, without
// zeroed memory.
func TestGroupSymbols(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source, path := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	if err := os.WriteFile(source, []byte("package main\n\nimport \"os\"\n\nvar memory [1 << 20]byte\n\nfunc main() { os.Stdout.Write(memory[:0]) }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := build(t.Context(), path, "", []string{"GOOS=linux", "GOARCH=amd64"}, source); err != nil {
		t.Fatal(err)
	}
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	groups, err := groupSymbols(file)
	if err != nil {
		t.Fatal(err)
	}
	loaded, sum := int64(0), int64(0)
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD {
			loaded += int64(p.Filesz)
		}
	}
	for name, bytes := range groups {
		if bytes <= 0 {
			t.Errorf("%s has %d bytes", name, bytes)
		}
		sum += bytes
	}
	if sum > loaded || sum < loaded*9/10 {
		t.Errorf("the groups have %d bytes, the loaded part %d: %v", sum, loaded, groups)
	}
	if groups["Go: runtime"] < 200_000 || groups[functionTables] < 200_000 || groups["this project"] > 100_000 {
		t.Errorf("%v", groups)
	}
}

func TestModuleName(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"github.com/awslabs/amazon-ecr-credential-helper/ecr-login": "amazon-ecr-credential-helper",
		"github.com/4e881efc/ecr-credential-helper":                 "ecr-credential-helper",
		"empty": "empty",
		"":      "",
	} {
		if got := moduleName(path); got != want {
			t.Errorf("module name of %q is %q, want %q", path, got, want)
		}
	}
}

func TestParseCPU(t *testing.T) {
	t.Parallel()
	model, virtual := parseCPU("processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu hypervisor sse\n\nprocessor\t: 1\nmodel name\t: other\n")
	if model != "AMD EPYC" || !virtual {
		t.Errorf("got %q, %v", model, virtual)
	}
	if model, virtual := parseCPU("flags\t: fpu hypervisors\n"); model != "" || virtual {
		t.Errorf("got %q, %v without a model", model, virtual)
	}
}
