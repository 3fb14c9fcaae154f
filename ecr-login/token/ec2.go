package token

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
)

// dmiDirectory is where Linux shows what the firmware reports about the machine.
const dmiDirectory = "/sys/class/dmi/id"

// looksLikeEC2 reports whether the machine described in directory is an EC2 instance, by the signs
// that AWS documents in "Identify EC2 instances" and by the Nitro system's asset tag, which is the
// instance ID. product_uuid alone can match by chance, and only root can read it; Xen instances
// have no better sign. If nothing can be read, the machine is not an EC2 instance.
func looksLikeEC2(directory string) bool {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(cmp.Or(directory, dmiDirectory), name))
		if err != nil {
			return ""
		}
		return strings.ToLower(strings.TrimSpace(string(b)))
	}
	return read("sys_vendor") == "amazon ec2" ||
		strings.HasPrefix(read("board_asset_tag"), "i-") ||
		strings.HasPrefix(read("product_uuid"), "ec2")
}
