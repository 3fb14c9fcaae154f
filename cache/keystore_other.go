//go:build !linux && !darwin && !windows

package cache

// systemKeyStores returns the cache directory: no keyring of this system is supported.
func (d *Disk) systemKeyStores(dir *directory) []keyStore {
	return []keyStore{fileKeyStore{cache: dir, dir: dir.path}}
}

func inMemory(string) bool { return false }
