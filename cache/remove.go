package cache

import (
	"errors"
	"io/fs"
	"os"
	"slices"
)

// Remove removes everything that the cache has stored: all entries and host names, the locks, the
// sealing key, also that in the user's keyring, and the directory. In a directory with other files,
// those and the locks stay. It returns the number of removed entries. Entries of other caches with
// the same Name cannot be read without the key. A process that uses the cache at the same time may
// create parts of it again.
func (d *Disk) Remove() (removed int, err error) {
	removed, err = d.Clear()
	if err != nil {
		return removed, err
	}
	dir, root, err := d.openExisting()
	if err != nil {
		return removed, nil // there is no cache directory, so no key was created for it
	}
	defer dir.close()
	defer root.Close()
	var failed error
	for _, s := range d.usableKeyStores(dir) {
		if err := s.remove(); err != nil && hasKey(s) {
			failed = errors.Join(failed, err)
		}
	}
	list := names(root, ".")
	if slices.ContainsFunc(list, isUnknown) {
		for _, name := range []string{entriesDir + "/" + readmeName, entriesDir + "/" + tagName, entriesDir, hostsDir} {
			_ = root.Remove(name) // a directory with other files stays
		}
		return removed, failed
	}
	for _, name := range list {
		failed = errors.Join(failed, root.RemoveAll(name))
	}
	if failed == nil {
		failed = os.Remove(dir.path)
	}
	return removed, failed
}

// hasKey reports whether a key store contains a key that can be read, so that an error to
// remove it matters. Where there is no keyring, nothing can be removed from it.
func hasKey(s keyStore) bool {
	_, err := s.read()
	return err == nil
}

// remove removes the file.
func (s fileKeyStore) remove() error {
	dir, err := s.open()
	if err != nil {
		return errNoKey
	}
	defer dir.close()
	root, err := dir.root()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Remove(keyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if s.base != "" {
		_ = os.Remove(s.dir) // if it is empty
	}
	return nil
}
