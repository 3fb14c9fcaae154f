package dockerconfig

import (
	"os"
	"path/filepath"
	"testing"
)

// A file that another program keeps open is not replaced. The edit fails, and leaves no temporary
// file, which would have a copy of all passwords.
func TestUpdateOfOpenFile(t *testing.T) {
	t.Parallel()
	path := put(t, filepath.Join(t.TempDir(), "config.json"), "{}")
	f, err := os.Open(path) // without the right for others to replace it
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if changed, err := Update(t.Context(), path, Docker, set("h")); err == nil || changed {
		t.Errorf("%t, %v", changed, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != "config.json" {
		t.Errorf("left are %v, %v", entries, err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "{}" {
		t.Errorf("%q, %v", text, err)
	}
}
