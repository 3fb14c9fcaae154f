package cache

import (
	"bytes"
	"context"
	"encoding/base64"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var _ Store = (*Disk)(nil)

func TestPutAndGet(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	wantMiss(t, d, "k", "absent")
	e := halfDay("v", time.Now())
	e.Skew = 3 * time.Second
	mustPut(t, d, "k", e)
	got := wantValue(t, d, "k", "v")
	if !got.Fetched.Equal(e.Fetched) || got.Lifetime != e.Lifetime || got.Refresh != e.Refresh || got.Skew != e.Skew {
		t.Errorf("got %+v, put %+v", got, e)
	}
	wantMiss(t, d, "another key", "absent")

	mustPut(t, d, "k", halfDay("newer", time.Now()))
	wantValue(t, d, "k", "newer")

	if err := d.Delete("k"); err != nil {
		t.Error(err)
	}
	wantMiss(t, d, "k", "absent")
	if err := d.Delete("k"); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
}

func TestOnlyPutCreatesDirectory(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	wantMiss(t, d, "k", "absent")
	_ = d.Delete("k")
	_ = validItems(d)
	_ = d.Hosts()
	_, _ = d.Clear()
	_ = d.Status()
	if _, err := os.Lstat(d.options.Dir); !os.IsNotExist(err) {
		t.Errorf("the directory was created: %v", err)
	}
}

func TestDisabled(t *testing.T) {
	t.Parallel()
	d := newDisk(t, func(o *Options) { o.Disabled = true })
	if err := d.Put("k", halfDay("v", time.Now())); err != nil {
		t.Errorf("put: %v", err)
	}
	d.AddHost("host")
	wantMiss(t, d, "k", "switched off")
	if _, err := os.Lstat(d.options.Dir); !os.IsNotExist(err) {
		t.Errorf("the directory was created: %v", err)
	}
	if s := d.Status(); s.Problem != "switched off" || s.Dir != "" {
		t.Errorf("status: %+v", s)
	}
}

func TestNoPlainTextOnDisk(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	value := strings.Repeat("not-a-real-token ", 100)
	mustPut(t, d, "key-in-clear", halfDay(value, time.Now()))
	tree := readTree(t, d.options.Dir)
	for _, text := range []string{value[:40], base64.StdEncoding.EncodeToString([]byte(value))[:40], "key-in-clear"} {
		if bytes.Contains(tree, []byte(text)) {
			t.Errorf("the directory contains %q", text)
		}
	}
}

func TestTwoSealingKeysShareDirectory(t *testing.T) {
	t.Parallel()
	here := newDisk(t)
	there := newDisk(t, func(o *Options) { o.Dir = here.options.Dir })
	there.keyStores = fixedKeyStores(8)
	mustPut(t, here, "k", halfDay("here", time.Now()))
	wantMiss(t, there, "k", "absent")
	mustPut(t, there, "k", halfDay("there", time.Now()))
	wantValue(t, here, "k", "here")
	wantValue(t, there, "k", "there")
	if n := len(validItems(here)); n != 1 {
		t.Errorf("%d entries listed, want 1", n)
	}
	// Delete removes the entries of both.
	if err := here.Delete("k"); err != nil {
		t.Error(err)
	}
	wantMiss(t, there, "k", "absent")
}

func TestSealingKeyLost(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	mustPut(t, d, "k", halfDay("v", time.Now()))
	d.keyStores = fixedKeyStores(8) // as after a reboot
	wantMiss(t, d, "k", "absent")
	mustPut(t, d, "k", halfDay("again", time.Now()))
	wantValue(t, d, "k", "again")
}

func TestSealingRequired(t *testing.T) {
	t.Parallel()
	d := newDisk(t, func(o *Options) { o.SealingRequired = true })
	d.keyStores = func(dir *directory) []keyStore { return []keyStore{fileKeyStore{cache: dir, dir: "/proc"}} }
	if err := d.Put("k", halfDay("v", time.Now())); err == nil {
		t.Error("stored with a sealing key on the disk")
	}
	wantMiss(t, d, "k", "no place for the sealing key")
	if names, _ := filepath.Glob(filepath.Join(d.options.Dir, "*", "*")); len(names) != 0 {
		t.Errorf("files remain: %v", names)
	}
	s := d.Status()
	if s.KeyStore != "" || !strings.Contains(s.KeyProblem, "the settings forbid") {
		t.Errorf("status: %+v", s)
	}
}

func TestEntriesAndClear(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	d := newDisk(t, at(h))
	mustPut(t, d, "b", halfDay("fresh", h.wall))
	old := halfDay("aging", h.wall.Add(-7*time.Hour))
	mustPut(t, d, "a", old)
	over := halfDay("expired", h.wall.Add(-13*time.Hour))
	mustPut(t, d, "c", over)
	mustPut(t, d, failurePrefix+"b", halfDay("failure", h.wall))
	entries := filepath.Join(d.options.Dir, entriesDir)
	if err := os.WriteFile(filepath.Join(entries, "unknown"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := sealingKey{7}.fileName(hashKey("d"))
	if err := os.WriteFile(filepath.Join(entries, damaged), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.AddHost("host.example")

	var got []string
	for _, n := range validItems(d) {
		got = append(got, n.Key+" "+string(n.Entry.Value)+" "+n.State.String())
	}
	if want := []string{"a aging aging", "b fresh fresh"}; !slices.Equal(got, want) {
		t.Errorf("entries %q, want %q", got, want)
	}
	if n := d.Status().Entries; n != 2 {
		t.Errorf("status counts %d entries", n)
	}

	removed, err := d.Clear()
	if err != nil || removed < 4 {
		t.Errorf("cleared %d, %v", removed, err)
	}
	wantMiss(t, d, "b", "absent")
	if len(validItems(d)) != 0 || len(d.Hosts()) != 0 {
		t.Errorf("after Clear: %v, %v", validItems(d), d.Hosts())
	}
	if _, err := os.Lstat(filepath.Join(entries, "unknown")); err != nil {
		t.Errorf("Clear removed an unknown file: %v", err)
	}
}

// A tag in a home directory would exclude all of it from backups.
func TestNoTagBesideOtherFiles(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	if err := os.Mkdir(d.options.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(d.options.Dir, "other.txt")
	if err := os.WriteFile(other, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustPut(t, d, "k", halfDay("v", time.Now()))
	for _, name := range []string{"CACHEDIR.TAG", "README"} {
		if _, err := os.Lstat(filepath.Join(d.options.Dir, name)); err == nil {
			t.Errorf("%s beside other files", name)
		}
		if _, err := os.Lstat(filepath.Join(d.options.Dir, entriesDir, name)); err != nil {
			t.Errorf("no %s beside the entries: %v", name, err)
		}
	}
	if _, err := d.Clear(); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(other); string(b) != "mine" {
		t.Error("another file was changed")
	}
}

func TestLogOfErrors(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	d := newDisk(t, func(o *Options) {
		o.Dir = filepath.Join(os.DevNull, "cache")
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	c := &Cache{Disk: d, Log: d.options.Log}
	e, err := c.Do(context.Background(), "k", func(context.Context) (Entry, error) { return halfDay("v", time.Now()), nil })
	if err != nil || string(e.Value) != "v" {
		t.Errorf("got %q, %v", e.Value, err)
	}
	for _, want := range []string{"cache directory", "entry not stored"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not contain %q:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "value") {
		t.Errorf("the log contains the value:\n%s", log.String())
	}
}

// With ShortLived, later lookups reuse the directory and the sealing key of the first one.
func TestShortLived(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	e := Entry{Value: []byte("v"), Fetched: time.Now(), Lifetime: time.Hour, Refresh: time.Hour}
	if err := d.Put("k", e); err != nil {
		t.Fatal(err)
	}
	shortLived := *d
	shortLived.options.ShortLived = true
	reads := 0
	stores := d.keyStores
	shortLived.keyStores = func(dir *directory) []keyStore { reads++; return stores(dir) }
	wantValue(t, &shortLived, "k", "v")
	moved := d.options.Dir + "-moved"
	if err := os.Rename(d.options.Dir, moved); err != nil {
		t.Fatal(err)
	}
	wantValue(t, &shortLived, "k", "v")
	if reads != 1 {
		t.Errorf("the sealing key was read %d times, want 1", reads)
	}
	if _, _, err := d.Get("k"); err == nil {
		t.Error("found an entry in a directory that was moved")
	}
}
