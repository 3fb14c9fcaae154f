package cache

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// fileKeyStores keeps the sealing key of d in a file beside the entries.
func fileKeyStores(d *Disk) func(*directory) []keyStore {
	return func(f *directory) []keyStore { return []keyStore{fileKeyStore{cache: f, dir: f.path}} }
}

func newFileKeyDisk(t testing.TB, change ...func(*Options)) *Disk {
	d := newDisk(t, change...)
	d.keyStores = fileKeyStores(d)
	return d
}

func TestKeyText(t *testing.T) {
	t.Parallel()
	k := sealingKey{1, 2, 255}
	if got, err := parseKeyText(k.text()); err != nil || got != k {
		t.Errorf("%q parses to %v, %v", k.text(), got, err)
	}
	text := string(k.text())
	for _, bad := range []string{"", "\n", text[:64], text + "\n", strings.ToUpper(text), "g" + text[1:], " " + text[1:], text[:64] + "\r"} {
		if _, err := parseKeyText([]byte(bad)); err == nil {
			t.Errorf("%q passes for a key", bad)
		}
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	d := newFileKeyDisk(t)
	mustPut(t, d, "k", halfDay("v", time.Now()))
	wantValue(t, d, "k", "v")
	again := newDisk(t, func(o *Options) { o.Dir = d.options.Dir })
	again.keyStores = fileKeyStores(again)
	wantValue(t, again, "k", "v")
	if s := d.Status(); !strings.Contains(s.KeyStore, "a file") || s.KeyOffDisk != strings.Contains(s.KeyStore, "in memory") {
		t.Errorf("status: %+v", s)
	}
	if err := os.Remove(filepath.Join(d.options.Dir, keyFile)); err != nil {
		t.Fatal(err)
	}
	wantMiss(t, d, "k", "no sealing key yet")
	mustPut(t, d, "k", halfDay("again", time.Now()))
	wantValue(t, d, "k", "again")
}

// Whatever lies in the place of the key is not used, and gives way.
func TestHostileKeyFileIsReplaced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why   string
		plant func(path string) error
	}{
		{"empty", func(path string) error { return os.Truncate(path, 0) }},
		{"cut short", func(path string) error { return os.Truncate(path, 10) }},
		{"too long", func(path string) error { return os.Truncate(path, 10<<20) }},
		{"a folder", func(path string) error { _ = os.Remove(path); return os.Mkdir(path, 0o700) }},
		{"a link", func(path string) error {
			if err := os.Rename(path, path+"x"); err != nil {
				return err
			}
			return os.Symlink(path+"x", path)
		}},
		{"a dangling link", func(path string) error { _ = os.Remove(path); return os.Symlink("nowhere", path) }},
		{"others can read it", func(path string) error { return os.Chmod(path, 0o644) }},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && (strings.Contains(c.why, "link") || strings.Contains(c.why, "others")) {
				t.Skip("links and modes are not Windows'")
			}
			d := newFileKeyDisk(t)
			mustPut(t, d, "k", halfDay("v", time.Now()))
			path := filepath.Join(d.options.Dir, keyFile)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.plant(path); err != nil {
				t.Fatal(err)
			}
			wantMiss(t, d, "k", "no sealing key yet")
			mustPut(t, d, "k", halfDay("v", time.Now()))
			wantValue(t, d, "k", "v")
			after, err := os.ReadFile(path)
			if err != nil || string(after) == string(before) {
				t.Errorf("the key is %q (%v), as before", after, err)
			}
		})
	}
}

// Somebody's folder in the place of the key is not ours to remove.
func TestFullFolderInPlaceOfTheKeyStays(t *testing.T) {
	t.Parallel()
	d := newFileKeyDisk(t)
	mine := filepath.Join(d.options.Dir, keyFile, "mine")
	if err := os.MkdirAll(mine, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Put("k", halfDay("v", time.Now())); err == nil {
		t.Error("kept")
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
}

// Without locks the link decides who was first.
func TestFirstUsersOfAKeyFileAgreeWithoutLocks(t *testing.T) {
	t.Parallel()
	for range 20 {
		d := newFileKeyDisk(t)
		if err := os.MkdirAll(d.options.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d.options.Dir, locksDir), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		const users = 16
		keys := make(chan sealingKey, users)
		gate := make(chan struct{})
		for range users {
			go func() {
				<-gate
				f, err := d.openForWriting()
				if err != nil {
					t.Error(err)
					keys <- sealingKey{}
					return
				}
				defer f.close()
				k, err := d.makeKey(f)
				if err != nil {
					t.Error(err)
				}
				keys <- k
			}()
		}
		close(gate)
		first := <-keys
		for range users - 1 {
			if k := <-keys; k != first {
				t.Fatal("two sealing keys")
			}
		}
	}
}

func TestLesserPlaceIsReadUntilABetterOneHasAKey(t *testing.T) {
	t.Parallel()
	d := newFileKeyDisk(t)
	mustPut(t, d, "k", halfDay("v", time.Now()))
	better := filepath.Join(t.TempDir(), "better")
	if err := os.Mkdir(better, 0o700); err != nil {
		t.Fatal(err)
	}
	d.keyStores = func(f *directory) []keyStore {
		return []keyStore{fileKeyStore{cache: f, dir: better}, fileKeyStore{cache: f, dir: f.path}}
	}
	wantValue(t, d, "k", "v")
	mustPut(t, d, "other", halfDay("v", time.Now()))
	wantMiss(t, d, "k", "absent")
	wantValue(t, d, "other", "v")
}

func TestRuntimeFolderMustBeInMemory(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	p := fileKeyStore{cache: &directory{path: base}, dir: filepath.Join(base, "ecr-login"), base: base}
	if inMemory(base) {
		t.Skip("the temporary folder is in memory")
	}
	if _, err := p.create(); err == nil {
		t.Error("the key lies on the disk")
	}
	if p.offDisk() {
		t.Error("a folder on the disk passes for memory")
	}
	if _, err := os.Stat(p.dir); err == nil {
		t.Error("a folder was made")
	}
}
