//go:build !linux

package cache

import "testing"

// newDescription returns the description of a sealing key. No test needs to remove the key.
func newDescription(testing.TB) string { return "cache-test" }
