package cache

import (
	"golang.org/x/sys/unix"
)

// machinePlaces: the kernel's keyring, then memory, then the disk.
func (d *Disk) machinePlaces(f *folder) []place {
	list := make([]place, 0, 3)
	list = append(list, keyringPlace{
		description: d.keyDescription,
		lock:        func() func() { return d.lockSealingKey(f) },
	})
	if base := d.env("XDG_RUNTIME_DIR"); isAbs(base) {
		if dir := join(base, folderName); dir != f.path {
			list = append(list, filePlace{disk: d, cache: f, dir: dir, base: base})
		}
	}
	return append(list, filePlace{disk: d, cache: f, dir: f.path})
}

// inMemory reports whether the folder is, or would be, on a file system without
// a disk.
func inMemory(path string) bool {
	var st unix.Statfs_t
	for unix.Statfs(path, &st) != nil {
		above := parent(path)
		if above == path {
			return false
		}
		path = above
	}
	return st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC
}
