//go:build !unix

package configure

import "io/fs"

// executableSuffix is the end of a program's file name.
const executableSuffix = ".exe"

// isExecutable reports whether the file is a program: the name decides.
func isExecutable(info fs.FileInfo) bool { return info.Mode().IsRegular() }
