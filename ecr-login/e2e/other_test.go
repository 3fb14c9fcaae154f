//go:build e2e && !linux

package e2e

import "testing"

func TestClients(t *testing.T) {
	t.Skip("the end-to-end tests need the namespaces of Linux")
}
