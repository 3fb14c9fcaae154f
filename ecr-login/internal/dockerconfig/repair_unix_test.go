//go:build unix

package dockerconfig

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Delete removes the file that was read, and root removes none that another user can exchange.
func TestDelete(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "cache.json"), "tokens")
	if err := Delete(path, []byte("other tokens")); err == nil {
		t.Error("a file with another text was deleted")
	}
	if err := Delete(path, []byte("tokens")); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the file still exists")
	}
	if err := Delete(path, []byte("tokens")); err != nil {
		t.Errorf("a missing file: %v", err)
	}
	needsRoot(t)
	path = put(t, path, "tokens")
	give(t, link(t, dir, filepath.Join(dir, "link")))
	if err := Delete(filepath.Join(dir, "link", "cache.json"), []byte("tokens")); err == nil {
		t.Error("the link of another user was followed")
	}
	give(t, dir)
	if err := Delete(path, []byte("tokens")); err == nil {
		t.Error("a file was deleted from the directory of another user")
	}
}

// RemoveDirWriteAccess changes the directory itself and keeps its other mode bits. Root changes
// none that another user can exchange.
func TestRemoveDirWriteAccess(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "cache")
	shared := fs.ModeDir | fs.ModeSetgid | 0o777
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, shared); err != nil {
		t.Fatal(err)
	}
	if err := RemoveDirWriteAccess(dir + "/"); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode() != fs.ModeDir|fs.ModeSetgid|0o755 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for _, path := range []string{filepath.Join(top, "missing"), put(t, filepath.Join(top, "file"), "")} {
		if err := RemoveDirWriteAccess(path); err == nil {
			t.Errorf("%s is no error", path)
		}
	}
	needsRoot(t)
	if err := os.Chmod(dir, shared); err != nil {
		t.Fatal(err)
	}
	give(t, link(t, dir, filepath.Join(top, "link")))
	if err := RemoveDirWriteAccess(filepath.Join(top, "link")); err == nil {
		t.Error("the link of another user was followed")
	}
	give(t, top)
	if err := RemoveDirWriteAccess(dir); err == nil {
		t.Error("a directory was changed below that of another user")
	}
	if info, err := os.Stat(dir); err != nil || info.Mode() != shared {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
