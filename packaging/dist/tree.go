package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const (
	program   = "docker-credential-ecr-login"
	shortName = "ecr-login"

	// makePrefix is where the systemd units in the source tree expect the program.
	makePrefix = "/usr/local"
)

// file is a file or a link that an archive or a package installs.
type file struct {
	data []byte
	mode os.FileMode
	link string // target of a symbolic link; data is nil then
}

// documentation returns the files beside the binary, by path below the prefix.
func (r *release) documentation() (map[string]file, error) {
	binary, err := r.hostBinary()
	if err != nil {
		return nil, err
	}
	short := filepath.Join(r.work, shortName)
	if err := os.Symlink(program, short); err != nil {
		return nil, err
	}
	files := map[string]file{}
	var failed error
	add := func(name string, argv ...string) {
		cmd := exec.Command(argv[0], argv[1:]...)
		// The output must not depend on the settings of the person who builds.
		cmd.Env = []string{"HOME=" + r.work}
		text, err := cmd.Output()
		if err != nil {
			failed = fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
		}
		files[name] = file{data: text, mode: 0o644}
	}
	add("share/man/man1/"+program+".1", binary, "man")
	for _, b := range []string{binary, short} {
		name := filepath.Base(b)
		add("share/bash-completion/completions/"+name, b, "completion", "bash")
		add("share/zsh/site-functions/_"+name, b, "completion", "zsh")
		add("share/fish/vendor_completions.d/"+name+".fish", b, "completion", "fish")
	}
	if failed != nil {
		return nil, failed
	}
	// The page in the source tree has no version, so that it changes with the commands only.
	page := files["share/man/man1/"+program+".1"]
	header := []byte(`1 "" "ecr\-credential\-helper"`)
	if !bytes.Contains(page.data, header) {
		return nil, fmt.Errorf("the manual page has no header %s", header)
	}
	page.data = bytes.Replace(page.data, header,
		fmt.Appendf(nil, `1 %q "ecr\-credential\-helper %s"`, r.commit.time.Format("2006-01-02"), r.linked()), 1)
	files["share/man/man1/"+program+".1"] = page
	files["share/man/man1/"+shortName+".1"] = file{link: program + ".1"}
	if files["share/doc/ecr-login/LICENSE"], err = r.source("LICENSE"); err != nil {
		return nil, err
	}
	files["share/doc/ecr-login/config.toml"], err = r.source("packaging/dist/config.toml")
	return files, err
}

// source returns a file of the source tree.
func (r *release) source(name string) (file, error) {
	data, err := os.ReadFile(filepath.Join(r.root, name))
	return file{data: data, mode: 0o644}, err
}

// tree returns all that is installed below the prefix, for a Unix system.
func (r *release) tree(t target, binary, prefix string) (map[string]file, error) {
	data, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	files := maps.Clone(r.docs)
	files["bin/"+program] = file{data: data, mode: 0o755}
	files["bin/"+shortName] = file{link: program}
	if t.os != "linux" {
		return files, nil
	}
	units := filepath.Join(r.root, "packaging", "systemd")
	for _, kind := range []string{"system", "user"} {
		list, err := os.ReadDir(filepath.Join(units, kind))
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			f, err := r.source(path.Join("packaging/systemd", kind, e.Name()))
			if err != nil {
				return nil, err
			}
			f.data = bytes.ReplaceAll(f.data, []byte(makePrefix+"/bin/"), []byte(prefix+"/bin/"))
			files["lib/systemd/"+kind+"/"+e.Name()] = f
		}
	}
	return files, nil
}

// sorted returns the keys of a map in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
