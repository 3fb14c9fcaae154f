package doctor

import (
	"os"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
)

// checkCache looks at the folder of the cache, before this run puts anything there.
func (d *doctor) checkCache() []Finding {
	s := cache.Open(plan.CacheOptions(d.settings, nil)).Status()
	d.cache = s
	var all []Finding
	for _, skipped := range s.Skipped {
		all = append(all, skippedDir(skipped))
	}
	switch {
	case !d.settings.Cache:
		return append(all, warn("unset it, unless nothing may be kept", "switched off by AWS_ECR_DISABLE_CACHE: AWS is asked for every pull"))
	case s.Dir == "":
		return append(all, fail("set AWS_ECR_CACHE_DIR to a folder of this user", "%s: AWS is asked for every pull", s.Problem))
	case !s.Exists:
		return append(all, ok("%s, made when there is something to keep", s.Dir))
	case !s.Writable:
		return append(all, fail("make it writable for this user, or set AWS_ECR_CACHE_DIR to another", "%s: %s", s.Dir, s.Problem))
	case !s.Locks:
		return append(all, warn("set AWS_ECR_CACHE_DIR to a folder on a local disk", "%s cannot lock (%s): processes that start together each ask AWS", s.Dir, s.LocksProblem))
	}
	return append(all, ok("%s, %s, locks work", s.Dir, count(s.Entries, "entry", "entries")))
}

// skippedDir reports a directory that comes before the one in use but cannot be used.
func skippedDir(s cache.SkippedDir) Finding {
	path := s.Path
	f := warn("make it a folder of this user that only this user can write to", "%s is not used: %v", path, s.Err)
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || !fileaccess.IsMine(info) || info.Mode()&0o022 == 0 {
		return f
	}
	f.Fix = "chmod go-w " + path
	f.mend = func() (string, error) {
		return "took the right to write to it from others", os.Chmod(path, info.Mode().Perm()&^0o022)
	}
	return f
}

// checkSealing says where the key is that seals the cache's entries.
func (d *doctor) checkSealing() []Finding {
	s := d.cache
	switch {
	case s.Dir == "":
		return nil // nothing is kept
	case s.KeyStore == "":
		return one(fail(`take sealing = "required" out of the settings, or allow keyctl`, "no place for the key: %s", s.KeyProblem))
	case !s.KeyOffDisk:
		return one(warn("allow the system call keyctl, or give the user an XDG_RUNTIME_DIR in memory", "the key is in %s, where a copy of the disk has it too (%s)", s.KeyStore, s.KeyProblem))
	}
	return one(ok("the key is in %s", s.KeyStore))
}
