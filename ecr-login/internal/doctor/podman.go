package doctor

import (
	"os"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// checkPodman reports where podman, skopeo and buildah get the credentials of a registry, if a file
// of their own exists. The first of their files with an entry for the registry counts; Docker's is
// the last of them.
func (d *doctor) checkPodman(host string) []Finding {
	files, err := dockerconfig.Locator{}.Containers()
	if err != nil || !anyExists(files, d.configPath) {
		return nil
	}
	fix := configure + "--podman " + host
	for _, path := range files {
		read, err := dockerconfig.Read(path, dockerconfig.Containers)
		if err != nil {
			f := badConfig(err)
			f.Status = Warn // docker is not affected
			return one(f)
		}
		c := dockerConfig{read}
		a := c.For(host)
		switch {
		case a.Source == dockerconfig.FromHelpers && progname.IsHelper(a.Helper):
			return one(ok("podman runs %s, credHelpers in %s", programName(a.Helper), path))
		case a.Source == dockerconfig.FromHelpers:
			return one(warn(fix, "podman runs another helper: %s, credHelpers in %s", programName(a.Helper), c.at(a.Line)))
		case a.Source == dockerconfig.FromAuths && a.Auth.Secret():
			return one(warn(fix, "podman runs no helper: it uses the password in auths, %s", c.at(a.Line)))
		}
	}
	return one(warn(fix, "podman runs no helper: no entry in %s", strings.Join(files, " or ")))
}

// anyExists reports whether one of the files exists that is not Docker's.
func anyExists(files []string, docker string) bool {
	for _, path := range files {
		if _, err := os.Stat(path); err == nil && path != docker {
			return true
		}
	}
	return false
}
