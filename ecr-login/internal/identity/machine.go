package identity

import (
	"os"
	"runtime"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

// machine identifies this machine among those that may share a cache directory: the boot id of the
// Linux kernel, the host name elsewhere. All containers of a machine have the same boot id, and a
// reboot changes it.
func machine() string {
	if runtime.GOOS == "linux" {
		if id, err := regularfile.Read("/proc/sys/kernel/random/boot_id", 128); err == nil && len(id) > 0 {
			return strings.TrimSpace(string(id))
		}
	}
	name, _ := os.Hostname()
	return name
}
