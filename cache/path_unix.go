//go:build unix

package cache

import (
	"os"
	"path"
)

// These functions use package path. Package path/filepath does the same on Unix, but Go initialises
// it after packages that a cache hit does not need.

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
