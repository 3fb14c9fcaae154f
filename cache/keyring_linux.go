package cache

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// keyringPlace is the user's keyring in the kernel: readable from every
// session of the user, gone with the next boot.
//
// A key is found by possession or by permission. A process started by systemd,
// cron or su has no link from its session to the user keyring and possesses
// nothing in it, so the key must carry the permission for the user itself
// (keyrings(7), user-session-keyring(7)).
type keyringPlace struct {
	description string

	// lock excludes the other processes of this user, where the kernel
	// cannot make sure by itself that there is one key.
	lock func() (unlock func())
}

const (
	userKeyring   = unix.KEY_SPEC_USER_KEYRING
	threadKeyring = unix.KEY_SPEC_THREAD_KEYRING

	// keyPermissions: everything for a possessor; view, read and search for
	// the user; nothing for group and others.
	keyPermissions = 0x3f0b0000
)

func (p keyringPlace) name() string  { return "the user's keyring in the Linux kernel" }
func (p keyringPlace) offDisk() bool { return true }

func (p keyringPlace) read() (k sealingKey, err error) {
	id, err := unix.KeyctlSearch(userKeyring, "user", p.description, 0)
	if err != nil {
		return k, keyError(err)
	}
	var buf [len(k) + 1]byte
	n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, buf[:], len(buf))
	if err != nil {
		return k, keyError(err)
	}
	if n != len(k) { // the kernel tells the whole length
		return k, errBadKey
	}
	copy(k[:], buf[:])
	return k, nil
}

// keyError tells a key that is not there from one that is of no use, and both
// from a keyring that is.
func keyError(err error) error {
	switch err {
	case unix.ENOKEY:
		return errNoKey
	case unix.EKEYREVOKED, unix.EKEYEXPIRED, unix.EKEYREJECTED:
		return errBadKey
	}
	return err
}

func (p keyringPlace) make() (sealingKey, error) {
	k, err := p.read()
	if err == nil || err != errNoKey && err != errBadKey {
		return k, err
	}
	if err := p.add(err == errBadKey); err != nil {
		return k, err
	}
	return p.read() // the one that all agree on
}

// add puts a new key into the user keyring, unless another process was first.
// The key gets its permissions aside, in the keyring of this thread, so that
// no process finds one that it cannot read; the exclusive move decides who is
// first.
func (p keyringPlace) add(replace bool) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	var k sealingKey
	random(k[:])
	id, err := unix.AddKey("user", p.description, k[:], threadKeyring)
	if err != nil {
		return err
	}
	// After the move there is nothing to unlink, and that is fine.
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
			// Before Linux 5.3, or behind a filter that does not know it.
		default:
			return err
		}
	}
	// A key that is of no use keeps its name, so it is in the way of an
	// exclusive move: look and displace it, one process at a time.
	defer p.lock()()
	if _, err := p.read(); err == nil {
		return nil
	}
	_, err = unix.KeyctlInt(unix.KEYCTL_LINK, id, userKeyring, 0, 0)
	return err
}
