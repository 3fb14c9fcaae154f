package cache

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// dpapiFile holds the sealing key as DPAPI protected it. Only this user can
// undo that, and as a rule on this machine only, so machines that share the
// folder have a file each.
func dpapiFile() string {
	machine, _ := os.Hostname()
	return "key-" + hashKey(machine).String()[:8] + dpapiSuffix
}

// dpapiMax is more than DPAPI makes of 32 bytes.
const dpapiMax = 4 << 10

// dpapiPlace is that file, in the cache folder.
type dpapiPlace struct {
	disk  *Disk
	cache *folder
}

func (p dpapiPlace) name() string  { return "a file that Windows DPAPI protects for the user" }
func (p dpapiPlace) offDisk() bool { return true }

func (p dpapiPlace) read() (k sealingKey, err error) {
	f, err := openFolder(p.cache.path, false)
	if err != nil {
		return k, errNoKey
	}
	defer f.close()
	b, err := f.read(dpapiFile(), dpapiMax, true)
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

func (p dpapiPlace) make() (sealingKey, error) {
	if k, err := p.read(); err == nil {
		return k, nil
	}
	var k sealingKey
	random(k[:])
	b, err := dpapi(k[:], func(in, out *windows.DataBlob) error {
		return windows.CryptProtectData(in, nil, nil, 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, out)
	})
	if err != nil {
		return k, err
	}
	defer p.disk.lockSealingKey(p.cache)()
	dir, err := os.OpenRoot(p.cache.path)
	if err != nil {
		return k, err
	}
	defer dir.Close()
	return settleKey(dir, dpapiFile(), b, p.read)
}

// dpapi calls f and takes over what it allocated.
func dpapi(b []byte, f func(in, out *windows.DataBlob) error) ([]byte, error) {
	in := windows.DataBlob{Size: uint32(len(b)), Data: &b[0]}
	var out windows.DataBlob
	if err := f(&in, &out); err != nil {
		return nil, err
	}
	defer windows.LocalFree(windows.Handle(unsafe.Pointer(out.Data)))
	return append([]byte(nil), unsafe.Slice(out.Data, out.Size)...), nil
}

// machinePlaces: DPAPI, then the disk.
func (d *Disk) machinePlaces(f *folder) []place {
	return []place{
		dpapiPlace{disk: d, cache: f},
		filePlace{disk: d, cache: f, dir: f.path},
	}
}

func inMemory(string) bool { return false }
