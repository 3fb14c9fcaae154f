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

// filePlace is a file of mode 0600, made by link(2), so that of all the
// processes that are first, one wins and the others find its key.
type filePlace struct {
	disk  *Disk
	cache *folder // for the lock
	dir   string  // the folder of the file

	// base is the folder above dir when it must be memory-backed; dir is
	// then made when it is not there. "" when dir is the cache folder.
	base string
}

var errOnDisk = errors.New("it is not a private folder in memory")

func (p filePlace) name() string {
	if p.offDisk() {
		return "a file in memory in " + p.dir
	}
	return "a file on disk in " + p.dir
}

func (p filePlace) offDisk() bool {
	if p.base != "" {
		return inMemory(p.base)
	}
	return inMemory(p.dir)
}

// open opens the folder of the file, for reading and for package os.
func (p filePlace) open() (*folder, error) {
	if p.base == "" {
		return openFolder(p.dir, false)
	}
	if !inMemory(p.base) {
		return nil, errOnDisk
	}
	base, err := openFolder(p.base, false)
	if err != nil {
		return nil, errOnDisk // also: another user's, as sudo leaves it
	}
	base.close()
	return openFolder(p.dir, false)
}

func (p filePlace) read() (sealingKey, error) {
	f, err := p.open()
	if errors.Is(err, fs.ErrNotExist) {
		return sealingKey{}, errNoKey
	}
	if err != nil {
		return sealingKey{}, err
	}
	defer f.close()
	return p.readIn(f)
}

func (p filePlace) readIn(f *folder) (sealingKey, error) {
	b, err := f.read(keyFile, keyTextLen, true)
	switch {
	case errors.Is(err, errAbsent):
		return sealingKey{}, errNoKey
	case err != nil:
		return sealingKey{}, errBadKey
	}
	return parseKeyText(b)
}

func (p filePlace) make() (sealingKey, error) {
	f, err := p.open()
	if errors.Is(err, fs.ErrNotExist) && p.base != "" {
		if err = os.Mkdir(p.dir, 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			f, err = p.open()
		}
	}
	if err != nil {
		return sealingKey{}, err
	}
	defer f.close()
	if k, err := p.readIn(f); err == nil {
		return k, nil
	}
	dir, err := f.root()
	if err != nil {
		return sealingKey{}, err
	}
	defer dir.Close()
	defer p.disk.lockSealingKey(p.cache)()
	var k sealingKey
	random(k[:])
	return settleKey(dir, keyFile, k.text(), func() (sealingKey, error) { return p.readIn(f) })
}

// settleKey puts a key's file in place, unless there is a good one, and reads
// what is there then. Called under the lock of the sealing key where there are
// locks; where there are none, the link decides.
func settleKey(dir *os.Root, name string, data []byte, read func() (sealingKey, error)) (sealingKey, error) {
	k, err := read()
	if err == nil {
		return k, nil
	}
	if !errors.Is(err, errNoKey) {
		// A short file, an empty folder, a file that others can read.
		if err := dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return k, err
		}
	}
	tmp, err := writeTemp(dir, "", data)
	if err != nil {
		return k, err
	}
	defer dir.Remove(tmp)
	if err := dir.Link(tmp, name); err != nil && !errors.Is(err, fs.ErrExist) {
		// No hard links here: without the lock, the last one wins.
		if err := dir.Rename(tmp, name); err != nil {
			return k, err
		}
	}
	return read()
}
