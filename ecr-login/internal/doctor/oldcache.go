package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
)

// oldCaches returns the files in which amazon-ecr-credential-helper may store its tokens:
// cache.json in AWS_ECR_CACHE_DIR and in ~/.ecr.
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

// maxOldCache is the size of a thousand tokens.
const maxOldCache = 4 << 20

// checkOldCache looks for tokens that amazon-ecr-credential-helper left in plain text.
func (d *doctor) checkOldCache() []Finding {
	var all []Finding
	files := oldCaches()
	for _, path := range files {
		if f, bad := d.oldCache(path); bad {
			all = append(all, f)
		}
	}
	if len(all) == 0 && len(files) > 0 {
		return one(ok("no tokens of %s in %s", awsHelper, strings.Join(files, " or ")))
	}
	return all
}

// oldCache returns the finding about one file, if it is one of amazon-ecr-credential-helper.
func (d *doctor) oldCache(path string) (Finding, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return Finding{}, false
	}
	text, err := regularfile.Read(path, maxOldCache)
	if err != nil {
		fix := "check what it is"
		if errors.Is(err, fs.ErrPermission) {
			fix = "check it as its owner"
		}
		return warn(fix, "cannot read %s: %v", path, withoutPath(err)), true
	}
	var file struct {
		Registries map[string]struct {
			AuthorizationToken string
			ExpiresAt          time.Time
		}
	}
	if json.Unmarshal(text, &file) != nil {
		return Finding{}, false // another program's file
	}
	tokens, valid := 0, 0
	for _, r := range file.Registries {
		if r.AuthorizationToken == "" {
			continue
		}
		tokens++
		if r.ExpiresAt.After(d.Now()) {
			valid++
		}
	}
	if tokens == 0 {
		return Finding{}, false
	}
	const fact = "%s stores %s of " + awsHelper + " in plain text"
	f := warn(doctorFix, fact+", all expired", path, wording.Count(tokens, "token", "tokens"))
	if valid > 0 {
		f = warn(doctorFix, fact+", %d still valid", path, wording.Count(tokens, "token", "tokens"), valid)
	}
	if fileaccess.IsAnothers(info) {
		f.Fix = "delete the file as its owner"
		return f, true
	}
	if link, err := os.Readlink(path); err == nil {
		f.Fix = "rm " + process.Quote(link)
		return f, true
	}
	f.repair = func(context.Context) (string, error) {
		return "deleted the file", dockerconfig.Delete(path, text)
	}
	return f, true
}

// withoutPath returns the operating system's error without the path.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
