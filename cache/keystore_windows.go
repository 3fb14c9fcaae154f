package cache

import (
	"errors"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// systemKeyStores returns the file that DPAPI protects and the cache directory.
func (d *Disk) systemKeyStores(dir *directory) []keyStore {
	return []keyStore{dpapiStore{cache: dir}, fileKeyStore{cache: dir, dir: dir.path}}
}

func inMemory(string) bool { return false }

// dpapiFile returns the name of the file with the protected key. Usually only this user on this
// machine can unprotect it, so machines that share the directory have a file each.
func dpapiFile() string {
	machine, _ := os.Hostname()
	return "key-" + hashKey(machine).String()[:8] + dpapiSuffix
}

// maxDPAPI is more than the size of 32 bytes that DPAPI has protected.
const maxDPAPI = 4 << 10

// dpapiStore is a file in the cache directory that DPAPI protects.
type dpapiStore struct{ cache *directory }

func (s dpapiStore) name() string  { return "a file that Windows DPAPI protects for the user" }
func (s dpapiStore) offDisk() bool { return true }

func (s dpapiStore) read() (k sealingKey, err error) {
	dir, err := openDirectory(s.cache.path, false)
	if err != nil {
		return k, errNoKey
	}
	defer dir.close()
	b, err := dir.read(dpapiFile(), maxDPAPI, true)
	if errors.Is(err, errAbsent) {
		return k, errNoKey
	}
	if err != nil || len(b) == 0 {
		return k, errBadKey
	}
	plain, err := dpapi(b, func(in, out *windows.DataBlob) error {
		return windows.CryptUnprotectData(in, nil, nil, 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, out)
	})
	if err != nil || len(plain) != len(k) {
		return k, errBadKey
	}
	return sealingKey(plain), nil
}

func (s dpapiStore) create() (sealingKey, error) {
	if k, err := s.read(); err == nil {
		return k, nil
	}
	k, err := newSealingKey()
	if err != nil {
		return k, err
	}
	b, err := dpapi(k[:], func(in, out *windows.DataBlob) error {
		return windows.CryptProtectData(in, nil, nil, 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, out)
	})
	if err != nil {
		return k, err
	}
	defer lockSealingKey(s.cache)()
	root, err := os.OpenRoot(s.cache.path)
	if err != nil {
		return k, err
	}
	defer root.Close()
	return createKeyFile(root, dpapiFile(), b, s.read)
}

// remove removes the file of this machine.
func (s dpapiStore) remove() error {
	root, err := os.OpenRoot(s.cache.path)
	if err != nil {
		return errNoKey
	}
	defer root.Close()
	if err := root.Remove(dpapiFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// dpapi calls f and returns a copy of its output, which it frees.
func dpapi(b []byte, f func(in, out *windows.DataBlob) error) ([]byte, error) {
	in := windows.DataBlob{Size: uint32(len(b)), Data: &b[0]}
	var out windows.DataBlob
	if err := f(&in, &out); err != nil {
		return nil, err
	}
	defer windows.LocalFree(windows.Handle(unsafe.Pointer(out.Data)))
	return append([]byte(nil), unsafe.Slice(out.Data, out.Size)...), nil
}
