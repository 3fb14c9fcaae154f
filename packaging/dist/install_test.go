package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const modulePath = "github.com/4e881efc/ecr-credential-helper"

// onMachine runs a script of testdata on the private machine of machine.sh.
func onMachine(t *testing.T, dist, script string, args ...string) {
	t.Helper()
	fake, err := ecrtestProgram()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(command(t, "unshare", append([]string{"--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
		"--propagation", "private", "bash", "testdata/machine.sh", dist, fake, script}, args...)...))
}

func TestPackages(t *testing.T) { onMachine(t, testDist, "testdata/packages.sh") }

// pageBlock is a block of commands in docs/install.md.
type pageBlock struct {
	section string
	text    string
	remove  string // the command to which the section refers with "Remove it with"
}

var (
	fencedBlock = regexp.MustCompile("(?ms)^```\\w+\n(.*?)^```$")
	removal     = regexp.MustCompile("Remove\\s+it\\s+with\\s+`([^`]+)`")
)

// installPage returns the blocks of docs/install.md in order.
func installPage(t *testing.T) []pageBlock {
	t.Helper()
	var blocks []pageBlock
	for section := range strings.SplitSeq(string(read(t, "../../docs/install.md")), "\n## ") {
		title, _, _ := strings.Cut(section, "\n")
		remove := ""
		if m := removal.FindStringSubmatch(section); m != nil {
			remove = m[1]
		}
		for _, m := range fencedBlock.FindAllStringSubmatch(section, -1) {
			blocks = append(blocks, pageBlock{title, m[1], remove})
		}
	}
	return blocks
}

// installBlocks has an entry for each block of docs/install.md, in order: what to run before and
// after it, or the reason why it cannot run here.
var installBlocks = []struct{ section, before, after, reason string }{
	{section: "# Install", reason: "sets the variables of all other blocks"},
	{section: "Debian, Ubuntu", after: "try_installed"},
	{section: "Amazon Linux, Fedora, Red Hat Enterprise Linux, SUSE", after: "try_installed"},
	{section: "Alpine", reason: "Debian has no apk; TestPackages unpacks the package"},
	{section: "Arch Linux", after: "try_installed"},
	{section: "macOS, and Homebrew on Linux", reason: "Homebrew cannot be installed from Debian's packages; TestManifests reads the formula"},
	{section: "Windows", reason: "Scoop needs Windows; TestManifests reads the manifest"},
	{section: "Nix", reason: "nixpkgs cannot be downloaded in CI; TestManifests reads the expression"},
	{section: "Any Linux, FreeBSD or macOS, without a package", after: `
		[ "$(command -v $PROGRAM)" = /usr/local/bin/$PROGRAM ] || fail "$PROGRAM is not in PATH"
		same_version "$LINKED"
		test -e /usr/local/share/man/man1/ecr-login.1`},
	{section: "Container image", reason: "TestDocker runs it"},
	{section: "Container image", reason: "TestDocker runs it"},
	{section: "From source", before: "go_environment", after: `
		PATH=$PATH:$HOME/go/bin
		same_version v0.1.0`},
	{section: "Verify a download", before: `cp "$DIST"/*.deb .`},
	{section: "Verify a download", reason: "GitHub makes these signatures when a release is built"},
	{section: "Build the same files", reason: "TestBuildIsReproducible builds for one system twice"},
}

func TestInstallPage(t *testing.T) {
	page := installPage(t)
	for i, b := range page {
		if i >= len(installBlocks) || installBlocks[i].section != b.section {
			t.Fatalf("block %d, in section %q, is not in installBlocks:\n%s", i, b.section, b.text)
		}
	}
	if len(page) != len(installBlocks) {
		t.Fatalf("the page has %d blocks, installBlocks has %d", len(page), len(installBlocks))
	}
	served := t.TempDir()
	if err := os.CopyFS(served, os.DirFS(testDist)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(served, "minisign.pub"), read(t, publicKey), 0o644); err != nil {
		t.Fatal(err)
	}
	for i, b := range installBlocks {
		if b.reason != "" {
			continue
		}
		t.Run(b.section, func(t *testing.T) {
			before := b.before
			if before == "go_environment" {
				before = goEnvironment(t)
			}
			after := b.after
			if page[i].remove != "" {
				after += "\n" + page[i].remove + "\nnothing_left \"" + b.section + "\"\n"
			}
			script := filepath.Join(t.TempDir(), "script")
			text := strings.Join([]string{page[0].text, "RELEASE=http://127.0.0.1:8000", before, page[i].text, after}, "\n")
			if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			onMachine(t, served, "testdata/install.sh", script)
		})
	}
}

// goEnvironment returns commands with which "go install" finds this source tree as version v0.1.0
// of the module, and all else in the caches of this machine. Its own files go to another directory.
func goEnvironment(t *testing.T) string {
	t.Helper()
	source, proxy := t.TempDir(), t.TempDir()
	copyTracked(t, source)
	dir := filepath.Join(proxy, modulePath, "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, testVersion+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := zip.CreateFromDir(f, module.Version{Path: modulePath, Version: testVersion}, source); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"list": []byte(testVersion + "\n"), testVersion + ".info": []byte(`{"Version":"` + testVersion + `"}`),
		testVersion + ".mod": read(t, "../../go.mod"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// Go's index of modules takes a version for unchangeable, and the cache may have this one's from
	// an earlier run.
	return fmt.Sprintf(`
		export GODEBUG=goindex=0
		export PATH=$PATH:%s/bin GOMODCACHE=%s GOCACHE=%s GOPROXY=file://%s GOSUMDB=off GOTOOLCHAIN=local GOFLAGS=-trimpath
		mkdir /mnt/modules /mnt/modules.work
		mount -t overlay overlay -o "lowerdir=$GOMODCACHE,upperdir=/mnt/modules,workdir=/mnt/modules.work" "$GOMODCACHE"`,
		goEnv(t, "GOROOT"), goEnv(t, "GOMODCACHE"), goEnv(t, "GOCACHE"), proxy)
}
