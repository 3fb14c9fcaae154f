package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/rs/zerolog"
)

// target is a system that a release has a binary for.
type target struct{ os, arch string }

var targets = []target{
	{"linux", "amd64"}, {"linux", "arm64"}, {"linux", "armv7"}, {"linux", "386"},
	{"linux", "riscv64"}, {"linux", "s390x"}, {"linux", "ppc64le"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
	{"freebsd", "amd64"}, {"freebsd", "arm64"},
}

func (t target) String() string { return t.os + "/" + t.arch }

// goarch returns the architecture by Go's name, which has no version of ARM.
func (t target) goarch() string {
	if t.arch == "armv7" {
		return "arm"
	}
	return t.arch
}

func (t target) exe() string {
	if t.os == "windows" {
		return ".exe"
	}
	return ""
}

// selectTargets returns the targets in a list with commas, or all of them.
func selectTargets(list string) ([]target, error) {
	if list == "" {
		return targets, nil
	}
	var selected []target
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(targets, func(t target) bool { return t.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("target %q is not one of %v", name, targets)
		}
		selected = append(selected, targets[i])
	}
	return selected, nil
}

// compile builds the program with the flags of the Makefile.
func (r *release) compile(t target, binary string) error {
	cmd := exec.Command("make", "-s", "-C", r.root, "build", "BINARY="+binary, "VERSION="+r.linked())
	cmd.Env = append(os.Environ(), "GOOS="+t.os, "GOARCH="+t.goarch(), "GOARM=7", "GOAMD64=v1", "GOARM64=v8.0",
		"GO386=sse2", "GOPPC64=power8", "GORISCV64=rva20u64", "GOFLAGS=-buildvcs=false", "GOWORK=off", "MAKEFLAGS=")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s: %w", t, err)
	}
	return nil
}

// hostBinary builds the program for this machine, to print the manual page and the completions.
func (r *release) hostBinary() (string, error) {
	binary := filepath.Join(r.work, program)
	return binary, r.compile(target{runtime.GOOS, runtime.GOARCH}, binary)
}

// writeSBOM writes the list of modules in a binary, in CycloneDX format.
func (r *release) writeSBOM(t target, binary string) error {
	g, err := bin.NewGenerator(binary, bin.WithVersionOverride(r.version), bin.WithIncludeStdlib(true), bin.WithLogger(zerolog.Nop()))
	if err != nil {
		return err
	}
	bom, err := g.Generate()
	if err != nil {
		return err
	}
	bom.Metadata.Timestamp = r.commit.time.Format(time.RFC3339)
	f, err := os.Create(filepath.Join(r.out, r.name(t, ".cdx.json")))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := cdx.NewBOMEncoder(f, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom); err != nil {
		return err
	}
	return f.Close()
}

// commit is the commit that a release is built from.
type commit struct {
	hash string
	time time.Time
}

func (c commit) short() string { return c.hash[:12] }

// findCommit returns the commit of a source tree: from COMMIT and SOURCE_DATE_EPOCH, or from
// commit.txt, which "git archive" fills in, or from git.
func findCommit(root string) (commit, error) {
	hash, epoch := os.Getenv("COMMIT"), os.Getenv("SOURCE_DATE_EPOCH")
	if hash == "" || epoch == "" {
		text, err := os.ReadFile(filepath.Join(root, "packaging", "dist", "commit.txt"))
		if err != nil {
			return commit{}, err
		}
		if strings.HasPrefix(string(text), "$") {
			if text, err = exec.Command("git", "-C", root, "log", "-1", "--format=%H %ct").Output(); err != nil {
				return commit{}, fmt.Errorf("the commit is not known: git: %w; set COMMIT and SOURCE_DATE_EPOCH", err)
			}
		}
		hash, epoch, _ = strings.Cut(strings.TrimSpace(string(text)), " ")
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || len(hash) < 12 || strings.Trim(hash, "0123456789abcdef") != "" {
		return commit{}, fmt.Errorf("commit %q of time %q: want a hash and seconds since 1970", hash, epoch)
	}
	return commit{hash, time.Unix(seconds, 0).UTC()}, nil
}
