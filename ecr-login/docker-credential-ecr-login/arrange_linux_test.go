package main

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest/peak"
)

// Where the packages lie in the program's file: first what a hit runs, the rest behind it.
func TestHitLiesTogether(t *testing.T) {
	t.Parallel()
	file, err := elf.Open(helper)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	// lies is where the functions of a package, or of all below a path that ends in a slash, begin and end.
	lies := func(prefix string) (first, last uint64) {
		if !strings.HasSuffix(prefix, "/") {
			prefix += "."
		}
		for _, s := range symbols {
			// A method value lies where it is made.
			if elf.ST_TYPE(s.Info) != elf.STT_FUNC || !strings.HasPrefix(s.Name, prefix) || strings.HasSuffix(s.Name, "-fm") {
				continue
			}
			if first == 0 || s.Value < first {
				first = s.Value
			}
			last = max(last, s.Value)
		}
		if first == 0 {
			t.Fatalf("no function of %s in the program: this test is out of date", prefix)
		}
		return first, last
	}
	const module = "github.com/4e881efc/ecr-credential-helper/"
	const hit = module + "ecr-login/docker-credential-ecr-login/hit"
	_, last := lies(hit + "/stack")
	if next, _ := lies("errors"); last > next {
		t.Error("package stack does not lie beside the runtime: see arrange.go")
	}
	for _, rest := range []string{"net/http", "crypto/tls", "github.com/aws/", "github.com/spf13/", "main"} {
		behind, _ := lies(rest)
		for _, needed := range []string{
			"os", "github.com/pelletier/go-toml/v2", module + "cache", module + "ecr-login/registry", module + "ecr-login/identity",
			module + "ecr-login/config", module + "ecr-login/plan", hit, "compress/flate", "encoding/xml", "hash/crc32",
		} {
			if _, last := lies(needed); last > behind {
				t.Errorf("%s lies behind %s: see arrange.go", needed, rest)
			}
		}
	}

	// What is initialised before a hit answers, needed or not. These two nobody else may import, to arrange them.
	u := newSourceUser(t, ecrtest.New(t), ecrtest.FromEnvironment)
	u.get(host)
	apart := []string{"crypto/tls/internal/fips140tls", "github.com/aws/aws-sdk-go-v2/internal/sdk"}
	behind, _ := lies("net/http")
	for name := range u.initialised(t) {
		if slices.Contains(apart, name) || strings.HasPrefix(name, "crypto/internal/fips140") { // the linker keeps those apart
			continue
		}
		for _, s := range symbols {
			if (s.Name == name+".init" || strings.HasPrefix(s.Name, name+".init.")) && s.Value > behind && elf.ST_TYPE(s.Info) == elf.STT_FUNC {
				t.Errorf("%s is initialised before a hit answers, and lies behind the rest: add it to arrange.go", name)
				break
			}
		}
	}
}

// maxMapped is what a hit may have mapped of the program's file, above what an empty program has of its own. A guard
// for the peak memory that docs/benchmarks.md tells, which is to be 4 MB at most and of which this is all but a quarter
// of a megabyte. Any change of what is linked can move it by a few pieces of 64 KiB: today's is 3.56 MB.
const maxMapped = 3_750_000

func TestHitMapsLittleOfTheFile(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("the size of pages, and of what is mapped around them, is that of amd64")
	}
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	u.get(host)
	empty, source := filepath.Join(u.dir, "empty"), filepath.Join(u.dir, "empty.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-trimpath", "-o", empty, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	least, most := u.mapped(empty), u.mapped(helper)
	t.Logf("%d bytes above the %d of an empty program", most-least, least)
	if most-least > maxMapped {
		t.Errorf("a hit maps %d bytes of files more than an empty program, want at most %d", most-least, maxMapped)
	}
}

// mapped is how much of files a get had mapped at its end.
func (u *user) mapped(path string) int64 {
	u.t.Helper()
	question := filepath.Join(u.dir, "question")
	if err := os.WriteFile(question, []byte(host), 0o600); err != nil {
		u.t.Fatal(err)
	}
	in, err := os.Open(question)
	if err != nil {
		u.t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(filepath.Join(u.dir, "answer"))
	if err != nil {
		u.t.Fatal(err)
	}
	defer out.Close()
	m, err := peak.Run(path, []string{path, "get"}, &os.ProcAttr{Env: u.env, Files: []*os.File{in, out, out}})
	if errors.Is(err, peak.ErrMissing) {
		u.t.Skip(err)
	}
	if err != nil {
		u.t.Fatal(err)
	}
	return m.File
}
