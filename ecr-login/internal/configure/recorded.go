package configure

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// checkOthers handles the recorded files that this session does not edit, such as that of a CI job
// with a DOCKER_CONFIG of its own: it forgets those without an entry of this program, and warns about
// the others.
func (s *Session) checkOthers() {
	for _, path := range s.journal.Files() {
		if slices.ContainsFunc(s.targets, func(t clientFile) bool { return dockerconfig.Real(t.path) == path }) {
			continue
		}
		client, name, value := dockerconfig.Containers, "REGISTRY_AUTH_FILE", path
		if filepath.Base(path) == "config.json" {
			client, name, value = dockerconfig.Docker, "DOCKER_CONFIG", filepath.Dir(path)
		}
		c, err := dockerconfig.Read(path, client)
		switch {
		case err != nil:
			s.warn(err)
		case slices.ContainsFunc(c.Helpers(), func(h dockerconfig.Helper) bool { return progname.IsHelper(h.Name) }):
			s.warn(problem(uninstallWith(name, value), "%s still has entries", path))
		case !s.options.DryRun:
			s.note(s.journal.Put(path, nil))
		}
	}
}

// uninstallWith returns the hint to run uninstall with an environment variable.
func uninstallWith(name, value string) string {
	if runtime.GOOS == "windows" { // each shell sets it in another way
		return "set " + name + " to " + value + ", then run: " + progname.Program + " uninstall"
	}
	return "run: " + name + "=" + process.Quote(value) + " " + progname.Program + " uninstall"
}

// isMissing reports whether the file does not exist.
func isMissing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}
