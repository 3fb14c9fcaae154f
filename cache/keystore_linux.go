package cache

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// systemKeyStores returns the kernel's keyring, $XDG_RUNTIME_DIR and the cache directory.
func (d *Disk) systemKeyStores(dir *directory) []keyStore {
	list := make([]keyStore, 0, 3)
	list = append(list, keyringStore{
		description: d.keyDescription,
		lock:        func() (unlock func()) { return lockSealingKey(dir) },
	})
	if base := d.env("XDG_RUNTIME_DIR"); isAbs(base) {
		if path := join(base, d.options.Name); path != dir.path {
			list = append(list, fileKeyStore{cache: dir, dir: path, base: base})
		}
	}
	return append(list, fileKeyStore{cache: dir, dir: dir.path})
}

// inMemory reports whether a file in the directory is, or would be, in memory.
func inMemory(path string) bool {
	var st unix.Statfs_t
	for unix.Statfs(path, &st) != nil {
		above := parent(path)
		if above == path {
			return false
		}
		path = above
	}
	switch uint32(st.Type) { // its type depends on the architecture
	case unix.TMPFS_MAGIC, unix.RAMFS_MAGIC:
		return true
	}
	return false
}

// keyringStore is the user's keyring in the kernel. All sessions of the user can read it. It is
// lost at the next boot.
//
// The kernel finds a key by possession or by permission. A process that systemd, cron or su started
// has no link from its session keyring to the user keyring, so it possesses nothing in it. The key
// must therefore have permissions for the user itself (keyrings(7), user-session-keyring(7)).
type keyringStore struct {
	description string

	// lock excludes other processes of this user, for kernels that cannot add a key exclusively.
	lock func() (unlock func())
}

const (
	userKeyring   = unix.KEY_SPEC_USER_KEYRING
	threadKeyring = unix.KEY_SPEC_THREAD_KEYRING

	// keyPermissions are all permissions for a possessor; view, read and search for the user; none
	// for group and others.
	keyPermissions = 0x3f0b0000
)

func (s keyringStore) name() string  { return "the user's keyring in the Linux kernel" }
func (s keyringStore) offDisk() bool { return true }

func (s keyringStore) read() (k sealingKey, err error) {
	id, err := unix.KeyctlSearch(userKeyring, "user", s.description, 0)
	if err != nil {
		return k, keyError(err)
	}
	var buf [len(k) + 1]byte
	n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, buf[:], len(buf))
	if err != nil {
		return k, keyError(err)
	}
	if n != len(k) { // the kernel returns the key's full length
		return k, errBadKey
	}
	copy(k[:], buf[:])
	return k, nil
}

func (s keyringStore) remove() error {
	id, err := unix.KeyctlSearch(userKeyring, "user", s.description, 0)
	if err == nil {
		_, err = unix.KeyctlInt(unix.KEYCTL_UNLINK, id, userKeyring, 0, 0)
	}
	return keyError(err)
}

// keyError returns errNoKey or errBadKey if err is about the key, and err if it is about the
// keyring.
func keyError(err error) error {
	switch err {
	case unix.ENOKEY:
		return errNoKey
	case unix.EKEYREVOKED, unix.EKEYEXPIRED, unix.EKEYREJECTED:
		return errBadKey
	}
	return err
}

func (s keyringStore) create() (sealingKey, error) {
	k, err := s.read()
	if err == nil || err != errNoKey && err != errBadKey {
		return k, err
	}
	if err := s.add(err == errBadKey); err != nil {
		return k, err
	}
	return s.read() // may be the key of another process
}

// add adds a new key to the user keyring, unless another process was first. It sets the permissions
// of the key in the keyring of this thread, so that no process finds a key that it cannot read.
// Moving it exclusively decides which process is first.
func (s keyringStore) add(replace bool) error {
	k, err := newSealingKey()
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	id, err := unix.AddKey("user", s.description, k[:], threadKeyring)
	if err != nil {
		return err
	}
	// After the move there is nothing to unlink, and the error is ignored.
	defer unix.KeyctlInt(unix.KEYCTL_UNLINK, id, threadKeyring, 0, 0)
	if err := unix.KeyctlSetperm(id, keyPermissions); err != nil {
		return err
	}
	if !replace {
		_, err := unix.KeyctlInt(unix.KEYCTL_MOVE, id, threadKeyring, userKeyring, unix.KEYCTL_MOVE_EXCL)
		switch err {
		case nil, unix.EEXIST:
			return nil
		case unix.EOPNOTSUPP, unix.ENOSYS, unix.EPERM:
			// Linux before 5.3, or a seccomp filter that does not know KEYCTL_MOVE.
		default:
			return err
		}
	}
	// An invalid key keeps its name, so an exclusive move fails. Under the lock, read again and
	// replace the key.
	defer s.lock()()
	if _, err := s.read(); err == nil {
		return nil
	}
	_, err = unix.KeyctlInt(unix.KEYCTL_LINK, id, userKeyring, 0, 0)
	return err
}
