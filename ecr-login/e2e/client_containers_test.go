//go:build e2e && linux

package e2e

import "path/filepath"

// podman, skopeo and buildah, which share the containers/image library. It reads credHelpers and no credsStore.

// containersSettings keeps their storage in the user's home and away from cgroups, journals and kernel features.
func containersSettings(u *user) {
	u.write("storage.conf", "[storage]\ndriver = \"vfs\"\ngraphroot = \""+u.path("storage")+"\"\nrunroot = \""+u.path("run")+"\"\n")
	u.write("containers.conf", "[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n")
	u.env["CONTAINERS_STORAGE_CONF"] = u.path("storage.conf")
	u.env["CONTAINERS_CONF"] = u.path("containers.conf")
}

func podmanClient() client {
	return client{
		name: "podman", programs: []string{"podman"}, install: fromDebian + "podman",
		version: saidBy("podman", "--version"),
		perHost: true,
		prepare: containersSettings,
		setup:   "`credHelpers` as above, in `${XDG_RUNTIME_DIR}/containers/auth.json`, in the file that `REGISTRY_AUTH_FILE` names or in `~/.docker/config.json`. There is no `credsStore`.",
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
		version: saidBy("skopeo", "--version"),
		perHost: true,
		setup:   "As podman.",
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
		version: saidBy("buildah", "--version"),
		perHost: true,
		prepare: containersSettings,
		setup:   "As podman.",
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
