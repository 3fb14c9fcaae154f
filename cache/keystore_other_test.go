//go:build !linux

package cache

import "testing"

// newDescription returns the description of a sealing key. There is no keyring to clean up.
func newDescription(testing.TB) string { return "cache-test" }
