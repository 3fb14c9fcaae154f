package cache

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// fileKeyStores returns a file beside the entries as the only key store.
func fileKeyStores(dir *directory) []keyStore {
	return []keyStore{fileKeyStore{cache: dir, dir: dir.path}}
}

func newFileKeyDisk(t testing.TB, change ...func(*Options)) *Disk {
	d := newDisk(t, change...)
	d.keyStores = fileKeyStores
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
			t.Errorf("%q is accepted as a key", bad)
		}
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	d := newFileKeyDisk(t)
	mustPut(t, d, "k", halfDay("v", time.Now()))
	wantValue(t, d, "k", "v")
	again := newDisk(t, func(o *Options) { o.Dir = d.options.Dir })
	again.keyStores = fileKeyStores
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

func TestInvalidKeyFileReplaced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		plant func(path string) error
	}{
		{"empty", func(path string) error { return os.Truncate(path, 0) }},
		{"truncated", func(path string) error { return os.Truncate(path, 10) }},
		{"too long", func(path string) error { return os.Truncate(path, 10<<20) }},
		{"a directory", func(path string) error { _ = os.Remove(path); return os.Mkdir(path, 0o700) }},
		{"a link", func(path string) error {
			if err := os.Rename(path, path+"x"); err != nil {
				return err
			}
			return os.Symlink(path+"x", path)
		}},
		{"a dangling link", func(path string) error { _ = os.Remove(path); return os.Symlink("nowhere", path) }},
		{"a link to /dev/zero", func(path string) error { _ = os.Remove(path); return os.Symlink("/dev/zero", path) }},
		{"readable for others", func(path string) error { return os.Chmod(path, 0o644) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && (strings.Contains(c.name, "link") || strings.Contains(c.name, "others")) {
				t.Skip("Windows has other links and no modes")
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
				t.Errorf("the key %q was not replaced (%v)", after, err)
			}
		})
	}
}

// A directory with files in place of the key file is not removed.
func TestDirectoryInPlaceOfKeyFile(t *testing.T) {
	t.Parallel()
	d := newFileKeyDisk(t)
	other := filepath.Join(d.options.Dir, keyFile, "other")
	if err := os.MkdirAll(other, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Put("k", halfDay("v", time.Now())); err == nil {
		t.Error("stored without a key file")
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
}

// Without locks, concurrent first users of a key file agree on one key.
func TestConcurrentKeyFileWithoutLocks(t *testing.T) {
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
		start := make(chan struct{})
		for range users {
			go func() {
				<-start
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
		close(start)
		first := <-keys
		for range users - 1 {
			if k := <-keys; k != first {
				t.Fatal("two sealing keys")
			}
		}
	}
}

func TestLessPreferredKeyStore(t *testing.T) {
	t.Parallel()
	d := newFileKeyDisk(t)
	mustPut(t, d, "k", halfDay("v", time.Now()))
	better := filepath.Join(t.TempDir(), "better")
	if err := os.Mkdir(better, 0o700); err != nil {
		t.Fatal(err)
	}
	d.keyStores = func(dir *directory) []keyStore {
		return []keyStore{fileKeyStore{cache: dir, dir: better}, fileKeyStore{cache: dir, dir: dir.path}}
	}
	wantValue(t, d, "k", "v")
	mustPut(t, d, "other", halfDay("v", time.Now()))
	wantMiss(t, d, "k", "absent")
	wantValue(t, d, "other", "v")
}

func TestRuntimeDirectoryMustBeInMemory(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	p := fileKeyStore{cache: &directory{path: base}, dir: filepath.Join(base, "ecr-login"), base: base}
	if inMemory(base) {
		t.Skip("the temporary directory is in memory")
	}
	if _, err := p.create(); err == nil {
		t.Error("the key was stored on the disk")
	}
	if p.offDisk() {
		t.Error("a directory on the disk is reported as in memory")
	}
	if _, err := os.Stat(p.dir); err == nil {
		t.Error("the directory was created")
	}
}
