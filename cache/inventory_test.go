package cache

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestInventory(t *testing.T) {
	t.Parallel()
	h := newFakeClock()
	d := newDisk(t, at(h))
	if inv := d.Inventory(); len(inv.Items) != 0 || inv.HasKey {
		t.Errorf("without a directory: %+v", inv)
	}
	mustPut(t, d, "fresh", halfDay("v", h.wall))
	mustPut(t, d, "aging", halfDay("v", h.wall.Add(-7*time.Hour)))
	mustPut(t, d, "expired", halfDay("v", h.wall.Add(-13*time.Hour)))
	mustPut(t, d, "tomorrow", halfDay("v", h.wall.Add(24*time.Hour)))
	mustPut(t, d, failurePrefix+"fresh", halfDay("failure", h.wall))
	other := newDisk(t, at(h), func(o *Options) { o.Dir = d.options.Dir })
	other.keyStores = fixedKeyStores(8)
	mustPut(t, other, "other", halfDay("v", h.wall))
	entries := filepath.Join(d.options.Dir, entriesDir)
	for name, content := range map[string]string{
		sealingKey{7}.fileName(hashKey("damaged")): "x",
		"unknown": "",
	} {
		if err := os.WriteFile(filepath.Join(entries, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	inv := d.Inventory()
	var got []string
	for _, n := range inv.Items {
		got = append(got, n.Key+" "+n.State.String()+" "+string(n.Entry.Value))
	}
	// Entries that Get does not return have no value.
	if want := []string{"aging aging v", "expired expired ", "fresh fresh v", "tomorrow absent "}; !slices.Equal(got, want) {
		t.Errorf("entries %q, want %q", got, want)
	}
	if want := []string{"fresh"}; !slices.Equal(inv.Failures, want) {
		t.Errorf("failures %q, want %q", inv.Failures, want)
	}
	if inv.OtherKey != 1 || inv.Damaged != 1 || !inv.HasKey {
		t.Errorf("other key %d, damaged %d, has key %v; want 1, 1, true", inv.OtherKey, inv.Damaged, inv.HasKey)
	}

	// Without a sealing key, no entry counts as damaged.
	d.keyStores = func(*directory) []keyStore { return nil }
	if inv := d.Inventory(); inv.HasKey || len(inv.Items) != 0 || inv.Damaged != 0 || inv.OtherKey != 7 {
		t.Errorf("without a sealing key: %+v", inv)
	}
}

func TestRemoveHost(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	for _, name := range []string{"", "unknown.example", "../entries"} {
		if err := d.RemoveHost(name); err != nil {
			t.Errorf("%q, without a directory: %v", name, err)
		}
	}
	d.AddHost("one.example:5000")
	d.AddHost("two.example")
	for range 2 {
		if err := d.RemoveHost("one.example:5000"); err != nil {
			t.Error(err)
		}
	}
	if got := d.Hosts(); !slices.Equal(got, []string{"two.example"}) {
		t.Errorf("hosts %q, want only two.example", got)
	}
}
