//go:build unix

package cache

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Anything in place of an entry file is a miss with a reason, does not block, and is replaced by
// the next Put.
func TestInvalidEntryReplaced(t *testing.T) {
	t.Parallel()
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, reason string
		plant        func(t *testing.T, d *Disk, path string)
	}{
		{"empty", "truncated", func(t *testing.T, d *Disk, path string) {
			must(t, os.WriteFile(path, nil, 0o600))
		}},
		{"text", "not an entry of this version", func(t *testing.T, d *Disk, path string) {
			must(t, os.WriteFile(path, bytes.Repeat([]byte("text "), 100), 0o600))
		}},
		{"the next version", "not an entry of this version", func(t *testing.T, d *Disk, path string) {
			b, err := os.ReadFile(path)
			must(t, err)
			b[len(sealHeader)-2]++
			must(t, os.WriteFile(path, b, 0o600))
		}},
		{"another key's entry", "damaged, or sealed with another key or for another entry", func(t *testing.T, d *Disk, path string) {
			mustPut(t, d, "other", halfDay("other", time.Now()))
			must(t, os.Rename(entryPath(d, "other"), path))
		}},
		{"10 MB", "too large", func(t *testing.T, d *Disk, path string) {
			must(t, os.Truncate(path, 10<<20))
		}},
		{"a FIFO", "not a regular file", func(t *testing.T, d *Disk, path string) {
			must(t, os.Remove(path))
			must(t, syscall.Mkfifo(path, 0o600))
		}},
		{"a directory", "not a regular file", func(t *testing.T, d *Disk, path string) {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o700))
		}},
		{"a directory with files", "not a regular file", func(t *testing.T, d *Disk, path string) {
			must(t, os.Remove(path))
			must(t, os.MkdirAll(filepath.Join(path, "deep", "deeper"), 0o700))
		}},
		{"a dangling link", "not a regular file", func(t *testing.T, d *Disk, path string) {
			must(t, os.Remove(path))
			must(t, os.Symlink("nowhere", path))
		}},
		{"a link to a good entry", "not a regular file", func(t *testing.T, d *Disk, path string) {
			must(t, os.Rename(path, path+"x"))
			must(t, os.Symlink(path+"x", path))
		}},
		{"a link to itself", "not a regular file", func(t *testing.T, d *Disk, path string) {
			must(t, os.Remove(path))
			must(t, os.Symlink(path, path))
		}},
		{"a link to /dev/zero", "not a regular file", func(t *testing.T, d *Disk, path string) {
			must(t, os.Remove(path))
			must(t, os.Symlink("/dev/zero", path))
		}},
		{"a socket", "not a regular file", func(t *testing.T, d *Disk, path string) {
			must(t, os.Remove(path))
			fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			must(t, err)
			defer syscall.Close(fd)
			// The full path is too long for a socket.
			must(t, syscall.Bind(fd, &syscall.SockaddrUnix{Name: filepath.Join(filepath.Dir(path), "s")}))
			must(t, os.Rename(filepath.Join(filepath.Dir(path), "s"), path))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			// A short path, for the socket.
			dir, err := os.MkdirTemp("/tmp", "c")
			must(t, err)
			t.Cleanup(func() { os.RemoveAll(dir) })
			d := newDisk(t, func(o *Options) { o.Dir = dir })
			mustPut(t, d, "k", halfDay("v", time.Now()))
			wantValue(t, d, "k", "v")
			c.plant(t, d, entryPath(d, "k"))
			wantMiss(t, d, "k", c.reason)
			if n := len(validItems(d)); n != 0 {
				t.Errorf("%d entries listed, want 0", n)
			}
			mustPut(t, d, "k", halfDay("new", time.Now()))
			wantValue(t, d, "k", "new")
		})
	}
}

func TestChangedEntryIsMiss(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	mustPut(t, d, "k", halfDay("not-a-real-token", time.Now()))
	path := entryPath(d, "k")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(why string, at int, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if e, _, err := d.Get("k"); err == nil {
			t.Fatalf("%s at %d: got %q", why, at, e.Value)
		}
	}
	for at := range whole {
		try("truncated", at, whole[:at])
		for _, flip := range []byte{1, 0x80, 0xff} {
			changed := bytes.Clone(whole)
			changed[at] ^= flip
			try("changed", at, changed)
		}
	}
	try("one byte more", len(whole), append(bytes.Clone(whole), 0))
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	wantValue(t, d, "k", "not-a-real-token")
}

func TestFileModes(t *testing.T) {
	// Not parallel: the umask belongs to the whole process.
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	d := newDisk(t)
	d.keyStores = fileKeyStores
	mustPut(t, d, "k", halfDay("v", time.Now()))
	d.AddHost("host")
	c := &Cache{Disk: d}
	unlock, err := c.Lock(t.Context(), "session")
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	seen := 0
	err = filepath.Walk(d.options.Dir, func(path string, fi os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		seen++
		want := os.FileMode(0o600)
		if fi.IsDir() {
			want = 0o700
		}
		if fi.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, fi.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil || seen < 10 {
		t.Errorf("found %d files: %v", seen, err)
	}
	// A temporary file has its mode before it is renamed.
	dir, err := os.OpenRoot(d.options.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	tmp, err := writeTemp(dir, entriesDir, "x", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if fi, err := dir.Lstat(tmp); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("a temporary file: %v, %v", fi, err)
	}
}
