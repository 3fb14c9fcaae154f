package regularfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	text := strings.Repeat("0123456789", 1000)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int64{10000, 10001, 1 << 40} {
		if b, err := regularfile.Read(path, limit); string(b) != text || err != nil {
			t.Errorf("limit %d: %d bytes, %v", limit, len(b), err)
		}
	}
	if b, err := regularfile.Append([]byte("before "), path, 10000); string(b) != "before "+text || err != nil {
		t.Errorf("appended: %d bytes, %v", len(b), err)
	}
	b, err := regularfile.Read(path, 9999)
	var size *regularfile.SizeError
	if len(b) != 0 || !errors.As(err, &size) || size.Limit != 9999 || !strings.Contains(err.Error(), path) {
		t.Errorf("one byte too many: %d bytes, %v", len(b), err)
	}
	if _, err := regularfile.Read(filepath.Join(dir, "missing"), 1); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("missing file: %v", err)
	}
	if b, err := regularfile.Read(os.DevNull, 10); len(b) != 0 || err != nil {
		t.Errorf("null device: %q, %v", b, err)
	}
	if _, err := regularfile.Read(dir, 10); !errors.Is(err, regularfile.ErrNotRegular) || !strings.Contains(err.Error(), dir) {
		t.Errorf("directory: %v", err)
	}
}
