//go:build unix

package cache

import (
	"os"
	"path"
)

// Paths as package path has them: path/filepath is the same on Unix, but is
// initialised after packages that a hit does not need.

func join(elem ...string) string { return path.Join(elem...) }
func parent(name string) string  { return path.Dir(name) }
func base(name string) string    { return path.Base(name) }
func clean(name string) string   { return path.Clean(name) }
func isAbs(name string) bool     { return path.IsAbs(name) }

func abs(name string) (string, error) {
	if isAbs(name) {
		return clean(name), nil
	}
	wd, err := os.Getwd()
	return join(wd, name), err
}
