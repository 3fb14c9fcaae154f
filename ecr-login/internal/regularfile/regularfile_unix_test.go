//go:build unix

package regularfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

func TestReadRefusesWhatIsNotRegular(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/dev/zero", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, link, "/dev/zero"} {
		if b, err := regularfile.Read(path, 10); len(b) != 0 || !errors.Is(err, regularfile.ErrNotRegular) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
}

func TestReadFollowsLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link, null := filepath.Join(dir, "target"), filepath.Join(dir, "link"), filepath.Join(dir, "null")
	if err := errors.Join(os.WriteFile(target, []byte("x"), 0o600), os.Symlink(target, link), os.Symlink(os.DevNull, null)); err != nil {
		t.Fatal(err)
	}
	if b, err := regularfile.Read(link, 10); string(b) != "x" || err != nil {
		t.Errorf("link to a file: %q, %v", b, err)
	}
	if b, err := regularfile.Read(null, 10); len(b) != 0 || err != nil {
		t.Errorf("link to the null device: %q, %v", b, err)
	}
}

// Files of the proc file system report no size.
func TestReadFileWithoutSize(t *testing.T) {
	t.Parallel()
	const path = "/proc/self/status"
	if _, err := os.Stat(path); err != nil {
		return // not Linux
	}
	if b, err := regularfile.Read(path, 1<<20); len(b) == 0 || err != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	var size *regularfile.SizeError
	if _, err := regularfile.Read(path, 10); !errors.As(err, &size) {
		t.Errorf("limit of 10 bytes: %v", err)
	}
}
