package identity

import (
	"os"
	"runtime"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

// machine returns the boot ID of the Linux kernel, and the host name elsewhere. All containers of a
// machine have the same boot ID, and a reboot changes it.
func machine() string {
	if runtime.GOOS == "linux" {
		if id, err := regularfile.Read("/proc/sys/kernel/random/boot_id", 128); err == nil && len(id) > 0 {
			return strings.TrimSpace(string(id))
		}
	}
	name, _ := os.Hostname()
	return name
}
