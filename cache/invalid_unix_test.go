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

// Whatever lies in the place of an entry is a miss with a reason, is not waited
// for, and gives way to the next Put.
func TestHostileEntryIsAMissAndHeals(t *testing.T) {
	t.Parallel()
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		why, reason string
		plant       func(t *testing.T, d *Disk, path string)
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
		{"a pipe", "not a regular file", func(t *testing.T, d *Disk, path string) {
			must(t, os.Remove(path))
			must(t, syscall.Mkfifo(path, 0o600))
		}},
		{"a folder", "not a regular file", func(t *testing.T, d *Disk, path string) {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o700))
		}},
		{"a folder with something in it", "not a regular file", func(t *testing.T, d *Disk, path string) {
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
			// The path is longer than a socket's may be.
			must(t, syscall.Bind(fd, &syscall.SockaddrUnix{Name: filepath.Join(filepath.Dir(path), "s")}))
			must(t, os.Rename(filepath.Join(filepath.Dir(path), "s"), path))
		}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			// Short, for the socket.
			dir, err := os.MkdirTemp("/tmp", "c")
			must(t, err)
			t.Cleanup(func() { os.RemoveAll(dir) })
			d := newDisk(t, func(o *Options) { o.Dir = dir })
			mustPut(t, d, "k", halfDay("v", time.Now()))
			wantValue(t, d, "k", "v")
			c.plant(t, d, entryPath(d, "k"))
			wantMiss(t, d, "k", c.reason)
			if n := len(validItems(d)); n != 0 {
				t.Errorf("listed all the same: %d", n)
			}
			mustPut(t, d, "k", halfDay("healed", time.Now()))
			wantValue(t, d, "k", "healed")
		})
	}
}

func TestEveryTruncationAndEveryFlippedByteIsAMiss(t *testing.T) {
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
			t.Fatalf("%s at %d: served %q", why, at, e.Value)
		}
	}
	for at := range whole {
		try("cut", at, whole[:at])
		for _, flip := range []byte{1, 0x80, 0xff} {
			edited := bytes.Clone(whole)
			edited[at] ^= flip
			try("flipped", at, edited)
		}
	}
	try("one byte more", len(whole), append(bytes.Clone(whole), 0))
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	wantValue(t, d, "k", "not-a-real-token")
}

func TestModesFromTheFirstByte(t *testing.T) {
	// Not parallel: the mask belongs to the whole process.
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	d := newDisk(t)
	d.keyStores = func(f *directory) []keyStore { return []keyStore{fileKeyStore{cache: f, dir: f.path}} }
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
		t.Errorf("saw %d files: %v", seen, err)
	}
	// A file that is written has its mode already.
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
