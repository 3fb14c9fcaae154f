//go:build !unix

package cache

import "path/filepath"

func join(elem ...string) string      { return filepath.Join(elem...) }
func parent(name string) string       { return filepath.Dir(name) }
func base(name string) string         { return filepath.Base(name) }
func clean(name string) string        { return filepath.Clean(name) }
func isAbs(name string) bool          { return filepath.IsAbs(name) }
func abs(name string) (string, error) { return filepath.Abs(name) }
