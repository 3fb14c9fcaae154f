package doctor

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
)

// checkCache checks the cache directory, before this run writes to it.
func (d *doctor) checkCache() []Finding {
	s := cache.Open(plan.CacheOptions(d.settings, nil)).Status()
	d.cache = s
	var all []Finding
	for _, skipped := range s.Skipped {
		all = append(all, skippedDirectory(skipped))
	}
	switch {
	case !d.settings.Cache:
		return append(all, warn("unset it, unless tokens must not be stored", "disabled by AWS_ECR_DISABLE_CACHE; every pull calls AWS"))
	case s.Dir == "":
		return append(all, fail("set AWS_ECR_CACHE_DIR to a directory of this user", "%s; every pull calls AWS", s.Problem))
	case !filepath.IsAbs(s.Dir):
		return append(all, warn("set AWS_ECR_CACHE_DIR to an absolute path", "%s is relative, so each working directory has a cache of its own", s.Dir))
	case !s.Exists:
		return append(all, ok("%s, created when needed", s.Dir))
	case !s.Writable:
		return append(all, fail("make it writable for this user, or set AWS_ECR_CACHE_DIR to another directory", "%s: %s", s.Dir, s.Problem))
	case !s.Locks:
		return append(all, warn("set AWS_ECR_CACHE_DIR to a directory on a local disk", "%s cannot be locked (%s); programs that start at the same time each call AWS", s.Dir, s.LocksProblem))
	}
	return append(all, ok("%s, %s, locking works", s.Dir, wording.Count(s.Entries, "entry", "entries")))
}

// skippedDirectory returns the finding about a directory that comes before the one in use but
// cannot be used.
func skippedDirectory(s cache.SkippedDir) Finding {
	path := s.Path
	f := warn("make it owned by this user and writable only by this user", "%s is not used: %v", path, s.Err)
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || !fileaccess.IsMine(info) || info.Mode()&0o022 == 0 {
		return f
	}
	if info.Mode()&fs.ModeSticky != 0 { // /tmp, or another directory for everybody
		f.Fix = "set AWS_ECR_CACHE_DIR to a directory of this user"
		return f
	}
	f.Fix = "chmod go-w " + process.Quote(path)
	f.repair = func(context.Context) (string, error) {
		return "removed write access for group and others", dockerconfig.RemoveDirWriteAccess(path)
	}
	return f
}

// checkSealing reports where the key is stored that encrypts the cache's entries.
func (d *doctor) checkSealing() []Finding {
	s := d.cache
	switch {
	case s.Dir == "":
		return nil // nothing is stored
	case s.KeyStore == "":
		return one(fail(`remove sealing = "required" from the settings, or allow the system call keyctl`, "no place for the key: %s", s.KeyProblem))
	case !s.KeyOffDisk:
		return one(warn("allow the system call keyctl, or set XDG_RUNTIME_DIR to a directory in memory", "the key is in %s, so a copy of the disk includes it (%s)", s.KeyStore, s.KeyProblem))
	}
	// The keyring is the first choice. Each user namespace, such as that of rootless podman, has a
	// keyring of its own for the user (user_namespaces(7)).
	if s.KeyProblem == "" && fileaccess.InUserNamespace() {
		return one(warn("run docker-credential-ecr-login refresh in this user namespace too",
			"the key is in the keyring of a user namespace; tokens cached outside are not found"))
	}
	return one(ok("the key is in %s", s.KeyStore))
}
