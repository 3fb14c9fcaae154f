package cache

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestInventoryCountsWhatGetWouldNotServe(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	d := newDisk(t, at(h))
	if inv := d.Inventory(); len(inv.Items) != 0 || inv.HasKey {
		t.Errorf("of no folder: %+v", inv)
	}
	mustPut(t, d, "fresh", halfDay("v", h.wall))
	mustPut(t, d, "aging", halfDay("v", h.wall.Add(-7*time.Hour)))
	mustPut(t, d, "over", halfDay("v", h.wall.Add(-13*time.Hour)))
	mustPut(t, d, "tomorrow", halfDay("v", h.wall.Add(24*time.Hour)))
	mustPut(t, d, failurePrefix+"fresh", halfDay("refusal", h.wall))
	there := newDisk(t, at(h), func(o *Options) { o.Dir = d.options.Dir })
	there.keyStores = fixedKeyStores(8)
	mustPut(t, there, "theirs", halfDay("v", h.wall))
	entries := filepath.Join(d.options.Dir, entriesDir)
	for name, content := range map[string]string{
		sealingKey{7}.fileName(hashKey("damaged")): "x",
		"not-ours": "",
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
	// Neither a value that is over nor one that nobody may trust is handed out.
	if want := []string{"aging aging v", "fresh fresh v", "over expired ", "tomorrow absent "}; !slices.Equal(got, want) {
		t.Errorf("entries %q, want %q", got, want)
	}
	if want := []string{"fresh"}; !slices.Equal(inv.Failures, want) {
		t.Errorf("refused %q, want %q", inv.Failures, want)
	}
	if inv.OtherKey != 1 || inv.Damaged != 1 || !inv.HasKey {
		t.Errorf("foreign %d, damaged %d, sealed %v; want 1, 1, true", inv.OtherKey, inv.Damaged, inv.HasKey)
	}

	// After a reboot nothing opens, and nothing is called damaged.
	d.keyStores = func(*directory) []keyStore { return nil }
	if inv := d.Inventory(); inv.HasKey || len(inv.Items) != 0 || inv.Damaged != 0 || inv.OtherKey != 7 {
		t.Errorf("without a sealing key: %+v", inv)
	}
}

func TestForgetTakesOneNote(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	for _, nothing := range []string{"", "never.noted.example", "../entries"} {
		if err := d.RemoveHost(nothing); err != nil {
			t.Errorf("%q, without a folder: %v", nothing, err)
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
		t.Errorf("notes %q, want the other one", got)
	}
}
