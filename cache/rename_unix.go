//go:build unix

package cache

import "os"

// rename replaces a file.
func rename(root *os.Root, from, to string) error { return root.Rename(from, to) }
