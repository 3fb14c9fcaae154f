package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk"
	_ "github.com/goreleaser/nfpm/v2/arch"
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

const (
	homepage    = "https://github.com/4e881efc/ecr-credential-helper"
	description = "Docker credential helper for Amazon ECR"
	license     = "Apache-2.0"
	settings    = "/etc/ecr-login/config.toml"
)

// otherHelper is the name of AWS's own helper by package format. It installs the same program.
var otherHelper = map[string]string{
	"apk": "docker-credential-ecr-login", "archlinux": "amazon-ecr-credential-helper",
	"deb": "amazon-ecr-credential-helper", "rpm": "amazon-ecr-credential-helper",
}

// writePackages writes one package for each format.
func (r *release) writePackages(t target, binary string) error {
	tree, err := r.tree(t, binary, "/usr")
	if err != nil {
		return err
	}
	root := filepath.Join(r.work, t.os+"-"+t.arch)
	scripts := filepath.Join(root, "scripts")
	if err := r.copyScripts(scripts); err != nil {
		return err
	}
	for _, format := range sorted(otherHelper) {
		if err := r.writePackage(t, format, tree, scripts, filepath.Join(root, format)); err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
	}
	return os.RemoveAll(root)
}

// copyScripts copies the scripts of the packages and gives them the time of the commit: an apk
// records it.
func (r *release) copyScripts(to string) error {
	if err := os.CopyFS(to, os.DirFS(filepath.Join(r.root, "packaging", "dist", "scripts"))); err != nil {
		return err
	}
	return filepath.WalkDir(to, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(name, r.commit.time, r.commit.time)
	})
}

func (r *release) writePackage(t target, format string, tree map[string]file, scripts, root string) error {
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	info := &nfpm.Info{
		Name: "ecr-login", Version: r.version, Release: "1", Platform: "linux", Arch: strings.Replace(t.arch, "armv7", "arm7", 1),
		Section: "admin", Priority: "optional", Homepage: homepage, License: license, Description: description,
		Maintainer: "The ecr-credential-helper authors <noreply@github.com>", MTime: r.commit.time, DisableGlobbing: true,
	}
	info.Conflicts, info.Replaces = []string{otherHelper[format]}, []string{otherHelper[format]}
	info.RPM.BuildHost = "localhost" // else the name of this machine
	info.Recommends = []string{"ca-certificates"}
	add := func(c files.Content) { info.Contents = append(info.Contents, &c) }
	directories := []string{"/usr/share/doc/ecr-login", "/etc/ecr-login"}
	switch format {
	case "deb":
		// dpkg -r would leave a file of its own list of configuration files. The scripts delete an
		// unchanged one.
		info.Scripts.PostInstall = filepath.Join(scripts, "postinstall.sh")
	case "apk":
		// apk has no field for a conflict: it is a negated dependency. It has no recommendations.
		info.Depends, info.Conflicts, info.Recommends = []string{"!" + otherHelper[format], "ca-certificates"}, nil, nil
	}
	if format == "rpm" {
		// rpm deletes only directories that a package lists. These are missing where no shell has
		// completions.
		for _, dir := range []string{"zsh/site-functions", "fish/vendor_completions.d", "bash-completion/completions"} {
			dir = "/usr/share/" + dir
			directories = append(directories, path.Dir(dir), dir)
		}
	}
	for _, dir := range directories {
		add(files.Content{Destination: dir, Type: files.TypeDir})
	}
	info.Scripts.PreRemove = filepath.Join(scripts, "preremove.sh")
	for _, name := range sorted(tree) {
		f := tree[name]
		c := files.Content{Destination: "/usr/" + name, FileInfo: &files.ContentFileInfo{Mode: f.mode}}
		switch {
		case format == "apk" && strings.HasPrefix(name, "lib/systemd/"): // Alpine has no systemd
			continue
		case f.link != "":
			c.Source, c.Type = f.link, files.TypeSymlink
		default:
			c.Source = filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(c.Source), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(c.Source, f.data, f.mode); err != nil {
				return err
			}
		}
		if format == "deb" {
			c.Destination = strings.Replace(c.Destination, "/zsh/site-functions/", "/zsh/vendor-completions/", 1)
		}
		add(c)
	}
	if format != "deb" {
		add(files.Content{Source: filepath.Join(root, "share/doc/ecr-login/config.toml"), Destination: settings, Type: files.TypeConfigNoReplace,
			FileInfo: &files.ContentFileInfo{Mode: 0o644}})
	}
	nfpm.WithDefaults(info)
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	out, err := os.Create(filepath.Join(r.out, packager.ConventionalFileName(info)))
	if err != nil {
		return err
	}
	defer out.Close()
	if err := packager.Package(info, out); err != nil {
		return err
	}
	return out.Close()
}
