package token

import (
	"os"
	"path/filepath"
	"strings"
)

// dmiFolder is where Linux shows what the firmware says about the machine.
const dmiFolder = "/sys/class/dmi/id"

// looksLikeEC2 reports whether the machine described in folder is an EC2
// instance, by the marks AWS documents for "Identify EC2 instances" and by the
// Nitro system's asset tag, which is the instance id. product_uuid alone can
// match by chance, and is readable by root only; it is kept for Xen instances,
// which have no better mark. Nothing readable means no.
func looksLikeEC2(folder string) bool {
	if folder == "" {
		folder = dmiFolder
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return ""
		}
		return strings.ToLower(strings.TrimSpace(string(b)))
	}
	return read("sys_vendor") == "amazon ec2" ||
		strings.HasPrefix(read("board_asset_tag"), "i-") ||
		strings.HasPrefix(read("product_uuid"), "ec2")
}
