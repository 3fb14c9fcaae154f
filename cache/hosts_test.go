package cache

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNotes(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	if got := d.Hosts(); len(got) != 0 {
		t.Errorf("notes before any: %q", got)
	}
	want := []string{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "[::1]:5000", "..", ".", "UPPER.example", "a/b", "a\\b", "c:", "ü.example", "100%", "\x00", "localhost:5000"}
	for range 2 {
		for _, name := range want {
			d.AddHost(name)
		}
	}
	slices.Sort(want)
	if got := d.Hosts(); !slices.Equal(got, want) {
		t.Errorf("notes %q, want %q", got, want)
	}
	for _, file := range dirNames(t, filepath.Join(d.options.Dir, hostsDir)) {
		if strings.ContainsAny(file, `/\:<>"|?*ABCDEFGHIJKLMNOPQRSTUVWXYZ`) || strings.HasSuffix(file, ".") {
			t.Errorf("%q is not a file name everywhere", file)
		}
	}
}

func TestNotesRefused(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	for _, name := range []string{"", strings.Repeat("a", maxHostFile+1), strings.Repeat("/", maxHostFile/3+1)} {
		d.AddHost(name)
	}
	if got := d.Hosts(); len(got) != 0 {
		t.Errorf("notes %q", got)
	}
	for _, file := range []string{"", "%", "%2", "%zz", "%61", "A", ".a", "a.", "%2F"} {
		if name, ok := unescapeHost(file); ok {
			t.Errorf("file %q passes for the note %q", file, name)
		}
	}
}

func TestKnownNoteIsNotWritten(t *testing.T) {
	t.Parallel()
	h := newHandClock()
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
		t.Errorf("noted at %v, want %v", first, h.wall)
	}
	h.pass(hostRefresh - time.Second)
	d.AddHost("host.example")
	if !mtime().Equal(first) {
		t.Error("written again")
	}
	h.pass(time.Second)
	d.AddHost("host.example")
	if mtime().Equal(first) {
		t.Error("not renewed after a week: the cleaning would take a name in use")
	}
	h.pass(hostLifetime + time.Second)
	mustPut(t, d, "k", halfDay("v", h.clock().now()))
	if got := d.Hosts(); len(got) != 0 {
		t.Errorf("after 30 days: %q", got)
	}
}

// A name that is a folder, or a link elsewhere, is no harm.
func TestNoteInTheWay(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	d.AddHost("a")
	target := filepath.Join(t.TempDir(), "target")
	if err := os.Symlink(target, filepath.Join(d.options.Dir, hostsDir, "b")); err != nil {
		t.Skip(err)
	}
	d.AddHost("b")
	if _, err := os.Lstat(target); err == nil {
		t.Error("made a file behind a link")
	}
}
