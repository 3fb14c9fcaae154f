package doctor

import (
	"fmt"
	"os"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// checkPodman says whom podman, skopeo and buildah ask for a registry, where there is a file of their own: the first of
// their files that has anything for the registry counts, and Docker's is the last.
func (d *doctor) checkPodman(host string) []Finding {
	files, err := dockerconfig.Locator{}.Containers()
	if err != nil || !anyOf(files, d.configPath) {
		return nil
	}
	fix := configure + "--podman " + host
	for _, path := range files {
		c, err := dockerconfig.Read(path, dockerconfig.Containers)
		if err != nil {
			return one(configFailure(err))
		}
		a := c.For(host)
		where := fmt.Sprintf("%s:%d", path, a.Line)
		switch {
		case a.Source == dockerconfig.FromHelpers && progname.IsHelper(a.Helper):
			return one(ok("%s has it: podman runs %s", path, programOf(a.Helper)))
		case a.Source == dockerconfig.FromHelpers:
			return one(warn(fix, "podman asks %s, by credHelpers in %s", programOf(a.Helper), where))
		case a.Source == dockerconfig.FromAuths && a.Auth.Secret():
			return one(warn(fix, "podman uses the password in auths of %s, and asks no helper", where))
		}
	}
	return one(warn(fix, "podman asks nobody: no entry in %s", strings.Join(files, " or ")))
}

// anyOf reports whether one of the files is there that is not Docker's.
func anyOf(files []string, docker string) bool {
	for _, path := range files {
		if _, err := os.Stat(path); err == nil && path != docker {
			return true
		}
	}
	return false
}
