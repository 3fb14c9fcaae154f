package doctor

import (
	"fmt"
	"os"
	"os/user"
	"runtime"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
)

// checkUser reports the user and the home directory of the run, and whether the user owns the
// directory.
func checkUser() []Finding {
	who := "unknown user"
	if uid := os.Geteuid(); uid >= 0 {
		who = fmt.Sprintf("uid %d", uid)
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		who = fmt.Sprintf("%s (%s)", u.Username, who)
		if runtime.GOOS == "windows" {
			who = u.Username
		}
	}
	if by := os.Getenv("SUDO_USER"); by != "" && os.Geteuid() == 0 {
		who += ", through sudo from " + by
	}
	variable := "HOME"
	if runtime.GOOS == "windows" {
		variable = "USERPROFILE"
	}
	home := os.Getenv(variable)
	if home == "" {
		return one(fail("set "+variable+" to the home directory of the user that runs the client",
			"%s; %s is not set, so the configuration of Docker and AWS is not found", who, variable))
	}
	info, err := os.Stat(home)
	switch {
	case err != nil:
		return one(fail("create the directory, or correct "+variable, "%s; home directory not found: %s", who, home))
	case !info.IsDir():
		return one(fail("set "+variable+" to a directory", "%s; the home directory is not a directory: %s", who, home))
	}
	who += ", home " + home
	if uid, known := fileaccess.Owner(info); known && !fileaccess.IsMine(info) {
		return one(warn("run the client with its own user's home directory (sudo -H)",
			"%s, owned by %s; nothing is cached there", who, fileaccess.UserText(uid)))
	}
	if !fileaccess.CanCreateIn(home) {
		return one(warn("make it writable, or set DOCKER_CONFIG and AWS_ECR_CACHE_DIR to writable directories",
			"%s, not writable; logins and SSO sessions cannot be stored there", who))
	}
	return one(ok("%s", who))
}

// belowHome reports whether path lies in the home directory.
func belowHome(path string) bool {
	home, err := os.UserHomeDir()
	return err == nil && len(home) > 1 && strings.HasPrefix(path, strings.TrimRight(home, `/\`)+string(os.PathSeparator))
}
