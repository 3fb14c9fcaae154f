// Command dist builds the files of a release: binaries, archives, packages, SBOMs, a container
// image, the manifests of package managers, and checksums.txt with its signature.
//
// The same source, commit and Go version give the same files, in any directory and for any user:
// all times in the files are that of the commit, and nothing else of the machine is recorded.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	var o options
	flag.StringVar(&o.version, "version", "", "version to build, such as v0.1.0")
	flag.StringVar(&o.root, "source", "../..", "root of the source tree")
	flag.StringVar(&o.out, "out", "../../dist", "directory to write; it must not exist or have only files of a release")
	flag.StringVar(&o.key, "key", "", "minisign secret key for checksums.txt; its password is in MINISIGN_PASSWORD")
	targets := flag.String("targets", "", "targets to build, such as linux/amd64,linux/armv7 (default: all)")
	flag.Parse()
	if err := run(o, *targets); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// options say what to build, and where to.
type options struct {
	version string // with the v
	root    string
	out     string
	key     string // path of the minisign secret key; "" does not sign
}

func run(o options, targets string) error {
	if !semver.IsValid(o.version) || semver.Canonical(o.version) != o.version || semver.Build(o.version) != "" {
		return fmt.Errorf("version %q is not of the form v1.2.3 or v1.2.3-rc.1", o.version)
	}
	selected, err := selectTargets(targets)
	if err != nil {
		return err
	}
	for _, dir := range []*string{&o.root, &o.out} {
		if *dir, err = filepath.Abs(*dir); err != nil {
			return err
		}
	}
	commit, err := findCommit(o.root)
	if err != nil {
		return err
	}
	if err := emptyDirectory(o.out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "dist")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	r := &release{options: o, commit: commit, work: work}
	return r.build(selected)
}

// release is one release while it is built.
type release struct {
	options
	commit commit
	work   string // temporary directory
	docs   map[string]file
	sums   map[string]string // SHA-256 in hexadecimal by file name
}

// linked is the version that the program prints: with the commit and its date as semantic
// versioning's build metadata, which versions are not ordered by.
func (r *release) linked() string {
	return r.version + "+" + r.commit.short() + "." + r.commit.time.Format("20060102")
}

// name returns the name of a file of the release.
func (r *release) name(t target, suffix string) string {
	return "ecr-login_" + r.version + "_" + t.os + "_" + t.arch + suffix
}

func (r *release) build(targets []target) error {
	var err error
	if r.docs, err = r.documentation(); err != nil {
		return err
	}
	var images []imagePart
	for _, t := range targets {
		fmt.Println(t)
		binary := filepath.Join(r.out, r.name(t, t.exe()))
		if err := r.compile(t, binary); err != nil {
			return err
		}
		if err := r.writeSBOM(t, binary); err != nil {
			return fmt.Errorf("SBOM of %s: %w", t, err)
		}
		if err := r.writeArchive(t, binary); err != nil {
			return fmt.Errorf("archive of %s: %w", t, err)
		}
		if t.os != "linux" {
			continue
		}
		if err := r.writePackages(t, binary); err != nil {
			return fmt.Errorf("packages of %s: %w", t, err)
		}
		images = append(images, imagePart{t, binary})
	}
	if len(images) > 0 {
		if err := r.writeImage(images); err != nil {
			return fmt.Errorf("container image: %w", err)
		}
	}
	if r.sums, err = sumFiles(r.out); err != nil {
		return err
	}
	if err := r.writeManifests(targets); err != nil {
		return err
	}
	return r.writeChecksums()
}

// emptyDirectory makes an empty directory. It deletes the files of an earlier release, and fails
// when the directory has anything else.
func emptyDirectory(dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, e := range list {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), "ecr-login") && !strings.HasPrefix(e.Name(), checksums) {
			return fmt.Errorf("%s is not a file of a release; choose another -out or delete it", filepath.Join(dir, e.Name()))
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o755)
}
