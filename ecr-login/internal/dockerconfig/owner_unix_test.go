//go:build unix

package dockerconfig

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

const aStranger = 65534

// Root edits somebody's file: under sudo, that is what happens. It stays theirs, and so does what is made for it.
func TestTheOwnerStays(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	home := t.TempDir()
	if err := os.Chown(home, aStranger, aStranger); err != nil {
		t.Fatal(err)
	}
	there := put(t, filepath.Join(home, "config.json"), "{}")
	if err := os.Chown(there, aStranger, aStranger); err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(home, ".docker", "config.json")
	for _, path := range []string{there, made} {
		if _, err := Update(path, Docker, set("h")); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{there, made, filepath.Dir(made)} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != aStranger || st.Gid != aStranger {
			t.Errorf("%s belongs to %d:%d", path, st.Uid, st.Gid)
		}
	}
}

func TestAPipeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, Docker); err == nil || err.Error() != path+": is not a regular file" {
		t.Errorf("%v", err)
	}
}

// Where the file system has no files without a name, the file is written under a name, and goes to its place the same.
func TestWritingUnderAName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "config.json"), "old")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		like os.FileInfo
		to   string
	}{{"a new file", nil, filepath.Join(dir, "new.json")}, {"in the place of another", info, path}} {
		f, err := createNamed(dir, filepath.Base(c.to))
		if err != nil {
			t.Fatal(err)
		}
		w := writing{path: c.to, text: []byte("new"), like: c.like, meanwhile: func() bool { return false }}
		if err := w.fill(f); err != nil {
			t.Fatal(err)
		}
		if err := w.place(f, f.Name(), false); err != nil {
			t.Fatal(err)
		}
		if got := content(t, c.to); got != "new" {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	if got := names(t, dir); got != "config.json new.json" {
		t.Errorf("the folder holds %s", got)
	}
}

// Where a file has one name only, a new one comes to its place in another way, and takes nobody's either.
func TestWritingWithoutHardLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	temp := put(t, filepath.Join(dir, "temp"), "new")
	path := put(t, filepath.Join(dir, "config.json"), "somebody's")
	if err := reserve(temp, path); !os.IsExist(err) || content(t, path) != "somebody's" {
		t.Errorf("%v, %s", err, content(t, path))
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := reserve(temp, path); err != nil || content(t, path) != "new" || names(t, dir) != "config.json" {
		t.Errorf("%v, the folder holds %s", err, names(t, dir))
	}
	if err := reserve(temp, filepath.Join(dir, "other.json")); err == nil || names(t, dir) != "config.json" {
		t.Errorf("%v, the folder holds %s", err, names(t, dir))
	}
}

// A new file never takes the place of one that somebody has made meanwhile.
func TestANewFileTakesNobodysPlace(t *testing.T) {
	t.Parallel()
	path := put(t, filepath.Join(t.TempDir(), "config.json"), "somebody's")
	w := writing{path: path, text: []byte("ours"), meanwhile: func() bool { return false }}
	if err := w.do(); err != errMeanwhile {
		t.Errorf("%v", err)
	}
	f, err := createNamed(filepath.Dir(path), "config.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.place(f, f.Name(), false); err != errMeanwhile {
		t.Errorf("under a name: %v", err)
	}
	if got := content(t, path); got != "somebody's" {
		t.Errorf("%q", got)
	}
}

// A folder that its last user removed, and somebody made anew, is another one: a lock on it keeps nobody out.
func TestALockedFolderIsTheOneThatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if !isStill(d, dir) {
		t.Error("it is there, and is not taken for it")
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if isStill(d, dir) {
		t.Error("it is gone")
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if isStill(d, dir) {
		t.Error("it is another one")
	}
}

// Somebody swaps the folder that root has just made for a link to one, or to a file, of root's.
func TestOnlyTheFolderItselfIsGivenAway(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	home := t.TempDir()
	if err := os.Chown(home, aStranger, aStranger); err != nil {
		t.Fatal(err)
	}
	roots := filepath.Join(home, "roots")
	if err := os.Mkdir(roots, 0o700); err != nil {
		t.Fatal(err)
	}
	file := put(t, filepath.Join(home, "file"), "")
	link := filepath.Join(home, "link")
	if err := os.Symlink(roots, link); err != nil {
		t.Fatal(err)
	}
	inherit(link)
	inherit(file)
	for _, path := range []string{roots, file, link} {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != 0 {
			t.Errorf("%s belongs to %d", path, uid)
		}
	}
}
