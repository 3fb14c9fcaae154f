package doctor

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
)

// oldCaches are the files in which the existing helper keeps its tokens: cache.json in AWS_ECR_CACHE_DIR, else in
// ~/.ecr, which this program leaves alone otherwise.
func oldCaches() []string {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	var files []string
	if dir := os.Getenv("AWS_ECR_CACHE_DIR"); dir != "" {
		if rest, ok := strings.CutPrefix(dir, "~"); ok {
			dir = home + rest
		}
		files = append(files, filepath.Join(dir, "cache.json"))
	}
	if home != "" {
		files = append(files, filepath.Join(home, ".ecr", "cache.json"))
	}
	return files
}

// maxOldCache is a thousand tokens.
const maxOldCache = 4 << 20

// checkOldCache looks for tokens that the existing helper left behind in plain text.
func (d *doctor) checkOldCache() []Finding {
	var all []Finding
	files := oldCaches()
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxOldCache {
			continue
		}
		if f, bad := d.oldCache(path, info); bad {
			all = append(all, f)
		}
	}
	if len(all) == 0 && len(files) > 0 {
		return one(ok("no tokens in plain text in %s", strings.Join(files, " or ")))
	}
	return all
}

func (d *doctor) oldCache(path string, info fs.FileInfo) (Finding, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return warn("look into it as its owner", "%s cannot be looked into: %v", path, reason(err)), true
	}
	var file struct {
		Registries map[string]struct {
			AuthorizationToken string
			ExpiresAt          time.Time
		}
	}
	if json.Unmarshal(text, &file) != nil {
		return Finding{}, false // nothing that the existing helper wrote
	}
	tokens, alive := 0, 0
	for _, r := range file.Registries {
		if r.AuthorizationToken == "" {
			continue
		}
		tokens++
		if r.ExpiresAt.After(d.Now()) {
			alive++
		}
	}
	if tokens == 0 {
		return Finding{}, false
	}
	const fix = "docker-credential-ecr-login doctor --fix"
	f := warn(fix, "%s holds %s of the existing helper in plain text; all have expired", path, count(tokens, "token", "tokens"))
	if alive > 0 {
		f = fail(fix, "%s holds %s of the existing helper in plain text, %d still good", path, count(tokens, "token", "tokens"), alive)
	}
	if owner, known := fileaccess.Owner(info); known && owner != os.Geteuid() {
		f.Fix = "delete the file, as its owner"
		return f, true
	}
	if link, err := os.Readlink(path); err == nil {
		f.Fix = "delete what it is a link to, " + link
		return f, true
	}
	f.mend = func() (string, error) { return "deleted it", os.Remove(path) }
	return f, true
}

// reason is what the operating system said, without the path.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
