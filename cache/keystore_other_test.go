//go:build !linux

package cache

import "testing"

// newDescription has no keyring to keep clean of.
func newDescription(testing.TB) string { return "ecr-login-test" }
