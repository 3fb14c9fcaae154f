package doctor

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
)

// checkSettings reads the helper's own settings as a get does.
func (d *doctor) checkSettings() []Finding {
	s, err := config.Load(nil)
	if err != nil {
		var e *config.Error
		fix := "correct the settings; see: docker-credential-ecr-login help settings"
		if errors.As(err, &e) && e.Nearest != "" {
			fix = "use " + e.Nearest + " instead"
		}
		return one(fail(fix, "%v", err))
	}
	d.settings = s
	all := one(ok("no settings file, the defaults apply"))
	if s.Path != "" {
		all = one(ok("%s, %s", s.Path, wording.Count(len(s.Rules), "rule", "rules")))
	}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if value != "" && strings.HasPrefix(name, "ECR_LOGIN_") && !slices.Contains(knownVariables, name) {
			all = append(all, warn("correct its name; see: docker-credential-ecr-login help environment", "unknown environment variable %s", name))
		}
	}
	return all
}

// knownVariables are the environment variables with the prefix ECR_LOGIN_ that have an effect.
var knownVariables = append([]string{"ECR_LOGIN_LOG", "ECR_LOGIN_LOG_FILE", "ECR_LOGIN_IN_FALLBACK"}, config.Variables...)

// checkFallback reports whether the helper for all other registries, if the settings name one, can
// be started.
func (d *doctor) checkFallback() []Finding {
	if d.settings.Fallback == "" {
		return nil
	}
	name := progname.Prefix + d.settings.Fallback
	from := "ECR_LOGIN_FALLBACK"
	if os.Getenv("ECR_LOGIN_FALLBACK") == "" {
		from = d.settings.Path
	}
	path, err := lookPath(name)
	if err != nil {
		return one(fail("install it, or remove fallback from the settings",
			"fallback helper %s (%s) not found on PATH; registries other than ECR fail", name, from))
	}
	if d.isSelf(path) {
		return one(fail("name another helper, or none", "fallback helper %s (%s) is this program itself", path, from))
	}
	return one(ok("%s answers for other registries", path))
}
