//go:build unix

package configure

import "io/fs"

// executableSuffix is the end of a program's file name.
const executableSuffix = ""

// isExecutable reports whether the file is a program.
func isExecutable(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
