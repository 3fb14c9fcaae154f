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
	path, err := d.removeFiles()
	if err == nil && path != "" {
		err = os.Remove(path) // when it is closed: Windows removes no open directory
	}
	return removed, err
}

// removeFiles removes everything but the entries. It returns the directory if that is to be removed
// too.
func (d *Disk) removeFiles() (path string, err error) {
	dir, root, err := d.openExisting()
	if err != nil {
		return "", nil // there is no cache directory, so no key was created for it
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
		return "", failed
	}
	for _, name := range list {
		failed = errors.Join(failed, root.RemoveAll(name))
	}
	return dir.path, failed
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
