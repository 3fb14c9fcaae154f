package cache

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stormKeys are the keys that writers of a storm use.
func stormKeys() []string { return []string{"a", "b", "c", "d", "e"} }

// stormValue is what a writer puts under a key: a reader can tell whether it
// is whole.
func stormValue(key string) []byte { return bytes.Repeat([]byte(key), 3000) }

// actWriter puts and gets until it is killed, and says a word for each.
func actWriter(c childConfig) {
	d := c.disk()
	random := rand.New(rand.NewPCG(c.Seed, 1))
	for {
		key := stormKeys()[random.IntN(len(stormKeys()))]
		e := halfDay("", time.Now())
		e.Value = stormValue(key)
		if err := d.Put(key, e); err != nil {
			fmt.Println("error", err)
		}
		if e, _, err := d.Get(key); err != nil || !bytes.Equal(e.Value, stormValue(key)) {
			fmt.Println("error", key, err)
		}
		fmt.Println("wrote")
	}
}

// storm kills one of eight writers after the other in the midst of what it
// does, while others read.
func storm(t *testing.T, rounds int) {
	const seed = 20260314
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	c := childConfig{Dir: filepath.Join(t.TempDir(), "cache")}
	d := c.disk()
	for _, key := range stormKeys() {
		e := halfDay("", time.Now())
		e.Value = stormValue(key)
		mustPut(t, d, key, e)
	}
	writers := make([]*process, 8)
	for i := range writers {
		c.Seed = uint64(i)
		writers[i] = start(t, "writer", c)
	}
	for round := range rounds {
		i := random.IntN(len(writers))
		for range random.IntN(4) {
			writers[i].want("wrote")
		}
		writers[i].kill()
		c.Seed = uint64(len(writers) + round)
		writers[i] = start(t, "writer", c)
		for _, key := range stormKeys() {
			e, _, err := d.Get(key)
			if err != nil || !bytes.Equal(e.Value, stormValue(key)) {
				t.Fatalf("round %d: %q: %v", round, key, err)
			}
		}
		for _, w := range writers {
			for drained := false; !drained; {
				select {
				case line := <-w.lines:
					if line != "wrote" {
						t.Fatalf("round %d: a writer says %q", round, line)
					}
				default:
					drained = true
				}
			}
		}
	}
	for _, w := range writers {
		w.kill()
	}

	// What is left: whole entries, and temporary files that the next
	// cleaning takes once they are old.
	entries := filepath.Join(c.Dir, entriesDir)
	temporary := 0
	for _, name := range dirNames(t, entries) {
		if strings.HasPrefix(name, tempPrefix) {
			temporary++
			old := strings.Replace(name, tempPrefix, tempPrefix+"1", 1) // another time
			if err := os.Rename(filepath.Join(entries, name), filepath.Join(entries, old)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d kills left %d temporary files", rounds+len(writers), temporary)
	if n := len(validItems(d)); n != len(stormKeys()) {
		t.Errorf("%d entries, want %d", n, len(stormKeys()))
	}
	if err := os.Remove(filepath.Join(entries, cleanedName)); err != nil {
		t.Fatal(err)
	}
	e := halfDay("", time.Now())
	e.Value = stormValue("a")
	mustPut(t, d, "a", e)
	for _, name := range dirNames(t, entries) {
		if _, _, ok := parseFileName(name); !ok && name != cleanedName {
			t.Errorf("left behind: %s", name)
		}
	}
}

func dirNames(t testing.TB, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(list))
	for i, entry := range list {
		names[i] = entry.Name()
	}
	return names
}

func TestKilledWritersDoNoHarm(t *testing.T) {
	t.Parallel()
	storm(t, 40)
}
