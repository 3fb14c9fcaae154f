package cache

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

const (
	// cleanupInterval is the least time between two cleanups, because each one looks at every file.
	cleanupInterval = time.Minute

	// tempLifetime is much longer than a process needs to write one entry.
	tempLifetime = time.Minute

	// hostLifetime is how long a host name is remembered after its last use.
	hostLifetime = 30 * 24 * time.Hour

	// cleanedName is the file in entries whose modification time is the time of the last cleanup.
	cleanedName = ".cleaned"
)

// cleanup removes expired entries, host names that were not used for a long time, and old temporary
// files, unless a cleanup ran within cleanupInterval. It needs no sealing key, because the
// modification time of an entry's file is the time at which the entry expires. Several processes
// may run it at the same time.
func (d *Disk) cleanup(root *os.Root) {
	now := d.options.Clock.now()
	if fi, err := root.Lstat(entriesDir + "/" + cleanedName); err == nil && fi.Mode().IsRegular() {
		if age := now.Sub(fi.ModTime()); age >= 0 && age < cleanupInterval {
			return
		}
	}
	suffix, err := tempSuffix()
	if err == nil {
		err = replaceFile(root, entriesDir, cleanedName, suffix, nil, now)
	}
	if err != nil {
		d.debug("cache not cleaned up", "reason", err)
		return
	}
	removed := d.cleanupIn(root, ".", func(string) (time.Time, bool) { return time.Time{}, false })
	removed += d.cleanupIn(root, entriesDir, func(name string) (time.Time, bool) {
		_, _, ok := parseFileName(name)
		return now, ok
	})
	removed += d.cleanupIn(root, hostsDir, func(name string) (time.Time, bool) {
		_, ok := unescapeHost(name)
		return now.Add(-hostLifetime), ok
	})
	d.debug("cache cleaned up", "removed", removed)
}

// cleanupIn removes old temporary files in a subdirectory, and the files that were modified before
// the time that limit returns for their name.
func (d *Disk) cleanupIn(root *os.Root, in string, limit func(name string) (time.Time, bool)) (removed int) {
	if fi, err := root.Lstat(in); err != nil || !fi.IsDir() {
		return 0 // opening a FIFO would block
	}
	sub, err := root.OpenRoot(in) // once for thousands of files
	if err != nil {
		return 0
	}
	defer sub.Close()
	for _, name := range names(sub, ".") {
		if created, ok := tempTime(name); ok {
			// A creation time in the future means that the clock was set back since.
			if age := time.Since(created); age <= tempLifetime && age >= -tempLifetime {
				continue
			}
		} else if before, ok := limit(name); !ok || !modifiedBefore(sub, name, before) {
			continue
		}
		switch err := sub.Remove(name); {
		case err == nil:
			removed++
		case !errors.Is(err, fs.ErrNotExist):
			d.debug("file not removed from the cache", "directory", in, "file", name, "reason", err)
		}
	}
	return removed
}

// modifiedBefore reports whether the file was modified before the time. It ignores directories: the
// next Put that needs such a name removes them.
func modifiedBefore(root *os.Root, name string, before time.Time) bool {
	fi, err := root.Lstat(name)
	return err == nil && !fi.IsDir() && fi.ModTime().Before(before)
}
