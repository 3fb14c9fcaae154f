package configure

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// checkOthers handles the recorded files that this session does not edit, such as that of a CI job
// with a DOCKER_CONFIG of its own: it forgets the deleted ones, and warns about the others.
func (s *Session) checkOthers() {
	for _, path := range s.journal.Files() {
		if slices.ContainsFunc(s.targets, func(t clientFile) bool { return dockerconfig.Real(t.path) == path }) {
			continue
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			if !s.options.DryRun {
				s.note(s.journal.Put(path, nil))
			}
			continue
		}
		variable := "REGISTRY_AUTH_FILE=" + process.Quote(path)
		if filepath.Base(path) == "config.json" {
			variable = "DOCKER_CONFIG=" + process.Quote(filepath.Dir(path))
		}
		s.warn(problem("run: "+variable+" "+progname.Program+" uninstall", "%s still has entries", path))
	}
}
