package main

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed manifests
var manifests embed.FS

// manifestFiles has the templates and the targets that each of them names.
var manifestFiles = map[string][]target{
	"ecr-login.rb":   {{"darwin", "amd64"}, {"darwin", "arm64"}, {"linux", "amd64"}, {"linux", "arm64"}},
	"ecr-login.json": {{"windows", "amd64"}, {"windows", "arm64"}},
	"ecr-login.nix":  {{"darwin", "amd64"}, {"darwin", "arm64"}, {"linux", "amd64"}, {"linux", "arm64"}},
}

// writeManifests writes the Homebrew formula, the Scoop manifest and the Nix expression, each when
// all of its targets are built.
func (r *release) writeManifests(built []target) error {
	has := map[target]bool{}
	for _, t := range built {
		has[t] = true
	}
next:
	for _, name := range sorted(manifestFiles) {
		for _, t := range manifestFiles[name] {
			if !has[t] {
				continue next
			}
		}
		if err := r.writeManifest(name); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) writeManifest(name string) error {
	archive := func(os, arch string) string {
		if os == "windows" {
			return r.name(target{os, arch}, ".zip")
		}
		return r.name(target{os, arch}, ".tar.gz")
	}
	t, err := template.New(name+".tmpl").Option("missingkey=error").Funcs(template.FuncMap{
		"url": func(os, arch string) string {
			return homepage + "/releases/download/" + r.version + "/" + archive(os, arch)
		},
		"sha256": func(os, arch string) string { return r.sums[archive(os, arch)] },
		"sri":    func(os, arch string) (string, error) { return sri(r.sums[archive(os, arch)]) },
	}).ParseFS(manifests, "manifests/"+name+".tmpl")
	if err != nil {
		return err
	}
	var b strings.Builder
	err = t.Execute(&b, map[string]string{
		"Version": strings.TrimPrefix(r.version, "v"), "Tag": r.version, "Homepage": homepage,
		"Description": description, "License": license, "Program": program, "ShortName": shortName,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, name), []byte(b.String()), 0o644)
}

// sri returns a SHA-256 as Nix writes it.
func sri(sum string) (string, error) {
	data, err := hex.DecodeString(sum)
	if err != nil || len(data) != sha256.Size {
		return "", err
	}
	return "sha256-" + base64.StdEncoding.EncodeToString(data), nil
}
