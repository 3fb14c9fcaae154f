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

// writerKeys are the keys that the writers use.
func writerKeys() []string { return []string{"a", "b", "c", "d", "e"} }

// writerValue is the value that the writers store under a key. It shows a reader whether an entry
// is complete.
func writerValue(key string) []byte { return bytes.Repeat([]byte(key), 3000) }

// runWriter puts and gets entries until it is killed. It prints a line after each.
func runWriter(c childConfig) {
	d := c.disk()
	random := rand.New(rand.NewPCG(c.Seed, 1))
	for {
		key := writerKeys()[random.IntN(len(writerKeys()))]
		e := halfDay("", time.Now())
		e.Value = writerValue(key)
		if err := d.Put(key, e); err != nil {
			fmt.Println("error", err)
		}
		if e, _, err := d.Get(key); err != nil || !bytes.Equal(e.Value, writerValue(key)) {
			fmt.Println("error", key, err)
		}
		fmt.Println("wrote")
	}
}

// killWriters repeatedly kills one of eight writers while it writes, and checks that all entries
// are complete.
func killWriters(t *testing.T, rounds int) {
	const seed = 20260314
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	c := childConfig{Dir: filepath.Join(t.TempDir(), "cache")}
	d := c.disk()
	for _, key := range writerKeys() {
		e := halfDay("", time.Now())
		e.Value = writerValue(key)
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
		for _, key := range writerKeys() {
			e, _, err := d.Get(key)
			if err != nil || !bytes.Equal(e.Value, writerValue(key)) {
				t.Fatalf("round %d: %q: %v", round, key, err)
			}
		}
		for _, w := range writers {
			for drained := false; !drained; {
				select {
				case line := <-w.lines:
					if line != "wrote" {
						t.Fatalf("round %d: a writer printed %q", round, line)
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

	// Only complete entries remain, and temporary files, which the next cleanup removes when they
	// are old.
	entries := filepath.Join(c.Dir, entriesDir)
	temporary := 0
	for _, name := range dirNames(t, entries) {
		if strings.HasPrefix(name, tempPrefix) {
			temporary++
			old := strings.Replace(name, tempPrefix, tempPrefix+"1", 1) // another creation time
			if err := os.Rename(filepath.Join(entries, name), filepath.Join(entries, old)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d kills, %d temporary files remain", rounds+len(writers), temporary)
	if n := len(validItems(d)); n != len(writerKeys()) {
		t.Errorf("%d entries, want %d", n, len(writerKeys()))
	}
	if err := os.Remove(filepath.Join(entries, cleanedName)); err != nil {
		t.Fatal(err)
	}
	e := halfDay("", time.Now())
	e.Value = writerValue("a")
	mustPut(t, d, "a", e)
	for _, name := range dirNames(t, entries) {
		if _, _, ok := parseFileName(name); !ok && name != cleanedName {
			t.Errorf("not removed: %s", name)
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

func TestKilledWriters(t *testing.T) {
	t.Parallel()
	killWriters(t, 40)
}
