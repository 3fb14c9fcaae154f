package cache

import (
	"errors"
	"io/fs"
	"os"
)

const (
	keyFile     = "sealing-key"
	dpapiSuffix = ".dpapi" // of the sealing key's file on Windows
)

// fileKeyStore is a file of mode 0600. It is created with link(2): if several processes do so at
// the same time, one succeeds and the others read its key.
type fileKeyStore struct {
	cache *directory // the cache directory, which contains the lock
	dir   string     // the directory of the file

	// base is the parent of dir if the file must be in memory. dir is then created if it is
	// missing. "" if dir is the cache directory.
	base string
}

var errNotInMemory = errors.New("not a private directory in memory")

func (s fileKeyStore) name() string {
	if s.offDisk() {
		return "a file in memory in " + s.dir
	}
	return "a file on disk in " + s.dir
}

func (s fileKeyStore) offDisk() bool {
	if s.base != "" {
		return inMemory(s.base)
	}
	return inMemory(s.dir)
}

// open opens the directory of the file.
func (s fileKeyStore) open() (*directory, error) {
	if s.base == "" {
		return openDirectory(s.dir, false)
	}
	if !inMemory(s.base) {
		return nil, errNotInMemory
	}
	base, err := openDirectory(s.base, false)
	if err != nil {
		return nil, errNotInMemory // for example another user's, because sudo kept XDG_RUNTIME_DIR
	}
	base.close()
	return openDirectory(s.dir, false)
}

func (s fileKeyStore) read() (sealingKey, error) {
	dir, err := s.open()
	if errors.Is(err, fs.ErrNotExist) {
		return sealingKey{}, errNoKey
	}
	if err != nil {
		return sealingKey{}, err
	}
	defer dir.close()
	return readKeyFile(dir)
}

func readKeyFile(dir *directory) (sealingKey, error) {
	b, err := dir.read(keyFile, keyTextLen, true)
	switch {
	case errors.Is(err, errAbsent):
		return sealingKey{}, errNoKey
	case err != nil:
		return sealingKey{}, errBadKey
	}
	return parseKeyText(b)
}

func (s fileKeyStore) create() (sealingKey, error) {
	dir, err := s.open()
	if errors.Is(err, fs.ErrNotExist) && s.base != "" {
		if err = os.Mkdir(s.dir, 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			dir, err = s.open()
		}
	}
	if err != nil {
		return sealingKey{}, err
	}
	defer dir.close()
	if k, err := readKeyFile(dir); err == nil {
		return k, nil
	}
	root, err := dir.root()
	if err != nil {
		return sealingKey{}, err
	}
	defer root.Close()
	defer lockSealingKey(s.cache)()
	k, err := newSealingKey()
	if err != nil {
		return k, err
	}
	return createKeyFile(root, keyFile, k.text(), func() (sealingKey, error) { return readKeyFile(dir) })
}

// createKeyFile creates the file of a sealing key unless there is a valid one, and returns the key
// that read then finds. The caller holds the sealing key's lock if locks work; otherwise link(2)
// decides which process is first.
func createKeyFile(root *os.Root, name string, data []byte, read func() (sealingKey, error)) (sealingKey, error) {
	k, err := read()
	if err == nil {
		return k, nil
	}
	if !errors.Is(err, errNoKey) {
		// Remove an invalid file, for example one that others can read, or an empty directory.
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return k, err
		}
	}
	suffix, err := tempSuffix()
	if err != nil {
		return k, err
	}
	tmp, err := writeTemp(root, ".", suffix, data)
	if err != nil {
		return k, err
	}
	defer root.Remove(tmp)
	if err := root.Link(tmp, name); err != nil && !errors.Is(err, fs.ErrExist) {
		// The file system has no hard links. Without the lock, the last process wins.
		if err := root.Rename(tmp, name); err != nil {
			return k, err
		}
	}
	return read()
}
