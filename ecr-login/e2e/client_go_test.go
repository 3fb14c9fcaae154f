//go:build e2e && linux

package e2e

import (
	"path"
	"path/filepath"
	"strings"
)

// Clients that are a single Go program and store nothing on the machine.

func craneClient() client {
	return client{
		name: "crane", programs: []string{"crane"}, install: fromGo,
		version: builtVersion("crane"),
		push:    func(u *user, ref string) result { return u.run("", "crane", "push", u.layout(ref), ref) },
		pull: func(u *user, ref string) result {
			return u.run("", "crane", "pull", ref, filepath.Join(u.scratch(), "image.tar"))
		},
	}
}

func orasClient() client {
	return client{
		name: "oras", programs: []string{"oras"}, install: fromGo,
		version: builtVersion("oras"),
		push: func(u *user, ref string) result {
			return u.run("", "oras", "push", ref, "--artifact-type", "text/plain", "--annotation", "ref="+ref)
		},
		pull: func(u *user, ref string) result { return u.run("", "oras", "pull", ref, "--output", u.scratch()) },
	}
}

func regctlClient() client {
	return client{
		name: "regctl", programs: []string{"regctl"}, install: fromGo,
		version: builtVersion("regctl"),
		perHost: true,
		push: func(u *user, ref string) result {
			return u.run("", "regctl", "image", "copy", "ocidir://"+u.layout(ref)+":latest", ref)
		},
		pull: func(u *user, ref string) result {
			return u.run("", "regctl", "image", "copy", ref, "ocidir://"+u.scratch()+":latest")
		},
	}
}

func helmClient() client {
	return client{
		name: "helm", programs: []string{"helm"}, install: fromGo,
		version: builtVersion("helm"),
		push: func(u *user, ref string) result {
			host, repository, tag := splitRef(ref)
			dir, chart := u.scratch(), path.Base(repository)
			u.writeIn(filepath.Join(dir, chart), "Chart.yaml", "apiVersion: v2\nname: "+chart+"\nversion: "+tag+"\n")
			return u.steps(
				[]string{"helm", "package", filepath.Join(dir, chart), "--destination", dir},
				[]string{"helm", "push", filepath.Join(dir, chart+"-"+tag+".tgz"), strings.TrimSuffix("oci://"+host+"/"+path.Dir(repository), "/.")})
		},
		pull: func(u *user, ref string) result {
			host, repository, tag := splitRef(ref)
			return u.run("", "helm", "pull", "oci://"+host+"/"+repository, "--version", tag, "--destination", u.scratch())
		},
	}
}
