package doctor

import (
	"fmt"
	"os"
	"os/user"
	"runtime"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
)

// checkUser says in whose name all that follows is: whose home, and whether that home is theirs.
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
		who += ", by sudo of " + by
	}
	variable := "HOME"
	if runtime.GOOS == "windows" {
		variable = "USERPROFILE"
	}
	home := os.Getenv(variable)
	if home == "" {
		return one(fail("set "+variable+" to the home folder of the user that runs the client",
			"%s, and %s is not set: neither Docker's configuration nor AWS's is found", who, variable))
	}
	who += ", home " + home
	info, err := os.Stat(home)
	switch {
	case err != nil:
		return one(fail("make the folder, or set "+variable+" to the right one", "%s, which is not there", who))
	case !info.IsDir():
		return one(fail("set "+variable+" to a folder", "%s, which is not a folder", who))
	}
	if owner, known := fileaccess.Owner(info); known && owner != os.Geteuid() {
		return one(warn("run the client with the home of its own user (sudo -H)",
			"%s, which belongs to uid %d: this program keeps nothing there", who, owner))
	}
	if !fileaccess.CanCreateIn(home) {
		return one(warn("mount it writable, or set DOCKER_CONFIG and AWS_ECR_CACHE_DIR to folders that are",
			"%s, which cannot be written to: neither logins nor sessions can be kept there", who))
	}
	return one(ok("%s", who))
}

// belowHome reports whether path lies in the home folder.
func belowHome(path string) bool {
	home, err := os.UserHomeDir()
	return err == nil && len(home) > 1 && strings.HasPrefix(path, strings.TrimRight(home, `/\`)+string(os.PathSeparator))
}
