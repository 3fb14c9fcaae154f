package cache

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	if got := d.Hosts(); len(got) != 0 {
		t.Errorf("hosts before the first AddHost: %q", got)
	}
	want := []string{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "[::1]:5000", "..", ".", "UPPER.example", "a/b", "a\\b", "c:", "ü.example", "100%", "\x00", "localhost:5000"}
	for range 2 {
		for _, name := range want {
			d.AddHost(name)
		}
	}
	slices.Sort(want)
	if got := d.Hosts(); !slices.Equal(got, want) {
		t.Errorf("hosts %q, want %q", got, want)
	}
	for _, file := range dirNames(t, filepath.Join(d.options.Dir, hostsDir)) {
		if strings.ContainsAny(file, `/\:<>"|?*ABCDEFGHIJKLMNOPQRSTUVWXYZ`) || strings.HasSuffix(file, ".") {
			t.Errorf("%q is not a file name on every system", file)
		}
	}
}

func TestInvalidHosts(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	for _, name := range []string{"", strings.Repeat("a", maxHostFile+1), strings.Repeat("/", maxHostFile/3+1)} {
		d.AddHost(name)
	}
	if got := d.Hosts(); len(got) != 0 {
		t.Errorf("hosts %q", got)
	}
	for _, file := range []string{"", "%", "%2", "%zz", "%61", "A", ".a", "a.", "%2F"} {
		if name, ok := unescapeHost(file); ok {
			t.Errorf("file %q is accepted as host %q", file, name)
		}
	}
}

func TestKnownHostNotWritten(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	d := newDisk(t, at(h))
	mtime := func() time.Time {
		fi, err := os.Stat(filepath.Join(d.options.Dir, hostsDir, "host.example"))
		if err != nil {
			t.Fatal(err)
		}
		return fi.ModTime()
	}
	d.AddHost("host.example")
	first := mtime()
	if !first.Equal(h.wall) {
		t.Errorf("stored at %v, want %v", first, h.wall)
	}
	h.advance(hostRefresh - time.Second)
	d.AddHost("host.example")
	if !mtime().Equal(first) {
		t.Error("written again")
	}
	h.advance(time.Second)
	d.AddHost("host.example")
	if mtime().Equal(first) {
		t.Error("not written again after a week: the cleanup would remove a host in use")
	}
	h.advance(hostLifetime + time.Second)
	mustPut(t, d, "k", halfDay("v", h.clock().now()))
	if got := d.Hosts(); len(got) != 0 {
		t.Errorf("after 30 days: %q", got)
	}
}

func TestHostFileIsLink(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	d.AddHost("a")
	target := filepath.Join(t.TempDir(), "target")
	if err := os.Symlink(target, filepath.Join(d.options.Dir, hostsDir, "b")); err != nil {
		t.Skip(err)
	}
	d.AddHost("b")
	if _, err := os.Lstat(target); err == nil {
		t.Error("created the target of a link")
	}
}
