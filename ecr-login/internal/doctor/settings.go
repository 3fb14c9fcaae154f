package doctor

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
)

// checkSettings reads the helper's own settings, as a get would.
func (d *doctor) checkSettings() []Finding {
	s, err := config.Load(nil)
	if err != nil {
		var e *config.Error
		fix := "docs/configuration.md lists every key and variable"
		if errors.As(err, &e) && e.Nearest != "" {
			fix = "write " + e.Nearest
		}
		return one(fail(fix, "%v", err))
	}
	d.settings = s
	all := one(ok("no file, and none is needed"))
	if s.Path != "" {
		all = one(ok("%s, %s", s.Path, count(len(s.Rules), "rule", "rules")))
	}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if value != "" && strings.HasPrefix(name, "ECR_LOGIN_") && !slices.Contains(known, name) {
			all = append(all, warn("docs/configuration.md lists every variable", "nothing reads the variable %s", name))
		}
	}
	return all
}

// known are the variables of this name that mean something.
var known = append([]string{"ECR_LOGIN_LOG", "ECR_LOGIN_LOG_FILE", "ECR_LOGIN_IN_FALLBACK"}, config.Variables...)

// checkFallback makes sure that the helper for all other registries, where the settings name one, can be started.
func (d *doctor) checkFallback() []Finding {
	if d.settings.Fallback == "" {
		return nil
	}
	name := prefix + d.settings.Fallback
	from := "the environment (ECR_LOGIN_FALLBACK)"
	if os.Getenv("ECR_LOGIN_FALLBACK") == "" {
		from = d.settings.Path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return one(fail("install it, or take fallback out of the settings", "%s, the fallback of %s, is not on PATH: registries that are not ECR fail", name, from))
	}
	if d.isSelf(path) {
		return one(fail("name another helper, or none", "%s, the fallback of %s, is this program itself", path, from))
	}
	return one(ok("%s answers for other registries", path))
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
