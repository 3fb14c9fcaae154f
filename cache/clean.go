package cache

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

const (
	// cleanEvery spaces the cleanings: each looks at every file.
	cleanEvery = time.Minute

	// tempLife is far more than a process needs to write one entry.
	tempLife = time.Minute

	// noteLife is how long a name is remembered that nobody asks for.
	noteLife = 30 * 24 * time.Hour

	// cleanedName is the file in entries whose time is that of the last
	// cleaning.
	cleanedName = ".cleaned"
)

// clean removes what is over, unless that was done within the last minute. It
// needs no sealing key: an entry's file carries the moment it expires as its
// time. Several processes may clean at once without harm.
func (d *Disk) clean(dir *os.Root) {
	now := d.options.Clock.now()
	if fi, err := dir.Lstat(entriesDir + "/" + cleanedName); err == nil && fi.Mode().IsRegular() {
		if age := now.Sub(fi.ModTime()); age >= 0 && age < cleanEvery {
			return
		}
	}
	if err := replaceFile(dir, entriesDir, cleanedName, nil, now); err != nil {
		d.debug("cache not cleaned", "reason", err)
		return
	}
	removed := d.cleanIn(dir, ".", func(string) (time.Time, bool) { return time.Time{}, false })
	removed += d.cleanIn(dir, entriesDir, func(name string) (time.Time, bool) {
		_, _, ok := parseFileName(name)
		return now, ok
	})
	removed += d.cleanIn(dir, notesDir, func(name string) (time.Time, bool) {
		_, ok := unescapeNote(name)
		return now.Add(-noteLife), ok
	})
	d.debug("cache cleaned", "removed", removed)
}

// cleanIn removes, in one folder of the cache, old temporary files, and those
// files whose time is before what end says for their name.
func (d *Disk) cleanIn(dir *os.Root, in string, end func(name string) (time.Time, bool)) (removed int) {
	if fi, err := dir.Lstat(in); err != nil || !fi.IsDir() {
		return 0 // opening a pipe would wait
	}
	sub, err := dir.OpenRoot(in) // once, for there may be thousands
	if err != nil {
		return 0
	}
	defer sub.Close()
	for _, name := range names(sub, ".") {
		if made, ok := tempTime(name); ok {
			// The name holds the machine's time. A future one is from
			// before the clock was put back.
			if age := time.Since(made); age <= tempLife && age >= -tempLife {
				continue
			}
		} else if limit, ok := end(name); !ok || !endedBefore(sub, name, limit) {
			continue
		}
		switch err := sub.Remove(name); {
		case err == nil:
			removed++
		case !errors.Is(err, fs.ErrNotExist):
			d.debug("file not removed from the cache", "folder", in, "file", name, "reason", err)
		}
	}
	return removed
}

// endedBefore reports whether the file's time is past. Folders are left to the
// Put that needs their name.
func endedBefore(dir *os.Root, name string, limit time.Time) bool {
	fi, err := dir.Lstat(name)
	return err == nil && !fi.IsDir() && fi.ModTime().Before(limit)
}
