//go:build unix

package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A FIFO as settings file is an error at once, also behind a link: nobody writes to it.
func TestFIFO(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	fifo := filepath.Join(m.home, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(m.home, "link")
	if err := os.Symlink(fifo, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, link} {
		m.env["ECR_LOGIN_CONFIG"] = path
		if _, e := problem(t, m); e.Path != path || !strings.Contains(e.Message, "not a regular file") {
			t.Errorf("%v; want %s and not a regular file", e, path)
		}
	}
}
