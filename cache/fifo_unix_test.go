//go:build unix

package cache

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A FIFO in place of any file of the cache does not block, and Do still fetches.
func TestFIFOInPlaceOfFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		keyFile,
		tagName,
		readmeName,
		entriesDir,
		entriesDir + "/" + cleanedName,
		hostsDir,
		hostsDir + "/host.example",
		locksDir,
		locksDir + "/" + lockName(entryLock, "k"),
		locksDir + "/" + lockName(namedLock, "session"),
		locksDir + "/sealing-key",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newFileKeyDisk(t)
			path := filepath.Join(d.options.Dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			c := &Cache{Disk: d}
			wantDo(t, c, "k", returning("v"), "v")
			unlock, err := c.Lock(t.Context(), "session")
			if err != nil {
				t.Error(err)
			}
			unlock()
			d.AddHost("host.example")
			_, _ = d.Hosts(), validItems(d)
			_ = d.Status()
			if name != entriesDir { // otherwise nothing can be stored
				wantValue(t, d, "k", "v")
			}
			if _, err := d.Clear(); err != nil && name != hostsDir {
				t.Error(err)
			}
		})
	}
}
