//go:build e2e && linux

package e2e

import "path/filepath"

// podman, skopeo and buildah share the containers/image library. It reads credHelpers and not
// credsStore.

// containersSettings puts their storage into the user's home, without cgroups, journals and kernel
// features.
func containersSettings(u *user) {
	u.write("storage.conf", "[storage]\ndriver = \"vfs\"\ngraphroot = \""+u.path("storage")+"\"\nrunroot = \""+u.path("run")+"\"\n")
	u.write("containers.conf", "[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n")
	u.env["CONTAINERS_STORAGE_CONF"] = u.path("storage.conf")
	u.env["CONTAINERS_CONF"] = u.path("containers.conf")
}

func podmanClient() client {
	return client{
		name: "podman", programs: []string{"podman"}, install: fromDebian + "podman",
		version: printedVersion("podman", "--version"),
		perHost: true,
		prepare: containersSettings,
		push: func(u *user, ref string) result {
			return u.steps(
				[]string{"podman", "load", "--input", u.archive(ref)},
				[]string{"podman", "push", ref},
				[]string{"podman", "rmi", ref})
		},
		pull: func(u *user, ref string) result { return u.run("", "podman", "pull", ref) },
	}
}

func skopeoClient() client {
	return client{
		name: "skopeo", programs: []string{"skopeo"}, install: fromDebian + "skopeo",
		version: printedVersion("skopeo", "--version"),
		perHost: true,
		push: func(u *user, ref string) result {
			return u.run("", "skopeo", "copy", "docker-archive:"+u.archive(ref), "docker://"+ref)
		},
		pull: func(u *user, ref string) result {
			return u.run("", "skopeo", "copy", "docker://"+ref, "dir:"+filepath.Join(u.scratch(), "image"))
		},
	}
}

func buildahClient() client {
	return client{
		name: "buildah", programs: []string{"buildah"}, install: fromDebian + "buildah",
		version: printedVersion("buildah", "--version"),
		perHost: true,
		prepare: containersSettings,
		push: func(u *user, ref string) result {
			dir := u.scratch()
			u.writeIn(dir, "Dockerfile", "FROM scratch\nCOPY Dockerfile /\nLABEL ref="+ref+"\n")
			return u.steps(
				[]string{"buildah", "build", "--tag", ref, dir},
				[]string{"buildah", "push", ref},
				[]string{"buildah", "rmi", ref})
		},
		pull: func(u *user, ref string) result { return u.run("", "buildah", "pull", "--policy", "always", ref) },
	}
}
