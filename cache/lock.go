package cache

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/gofrs/flock"
)

const (
	locksDir = "locks"

	// lockSlots is the number of lock files per kind. Lock files are never removed: after a
	// removal, one process could hold the lock of the old file and another one that of the new
	// file. Two names may use the same file. They then wait for each other, which only costs time.
	lockSlots = 4096

	// The time between two attempts to lock grows from pollMin to pollMax. Each is changed by up to
	// half of it, so that hundreds of waiting processes do not try at the same time.
	pollMin = 10 * time.Millisecond
	pollMax = 40 * time.Millisecond

	// keyLockTimeout limits the wait for the sealing key's lock, which is held for a few system
	// calls.
	keyLockTimeout = 2 * time.Second
)

// Each kind of lock has its own files. A process that holds an entry's lock may acquire a named
// lock, but not the other way round, so no deadlock is possible.
const (
	entryLock = "entry-"
	namedLock = "name-"
)

// lockName returns the lock file for name.
func lockName(kind, name string) string {
	h := hashKey(name)
	slot := (int(h[0])<<8 | int(h[1])) % lockSlots
	return kind + strconv.Itoa(slot)
}

var errNoLocks = errors.New("no locks without a Disk")

// lockFile returns the lock with the given file name. An error means that locks do not work.
func (d *Disk) lockFile(name string) (*flock.Flock, error) {
	if d == nil {
		return nil, errNoLocks
	}
	dir, err := d.openForWriting()
	if err != nil {
		return nil, err
	}
	defer dir.close()
	return lockIn(dir, name)
}

func lockIn(dir *directory, name string) (*flock.Flock, error) {
	root, err := dir.root()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := root.Mkdir(locksDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return flock.New(join(dir.path, locksDir, name), flock.SetFlag(lockFlags), flock.SetPermissions(0o600)), nil
}

// lockSealingKey acquires the lock that is held while a sealing key is created. After
// keyLockTimeout it continues without the lock.
func lockSealingKey(dir *directory) (unlock func()) {
	lock, err := lockIn(dir, "sealing-key")
	if err != nil {
		return func() {}
	}
	ctx, cancel := context.WithTimeout(context.Background(), keyLockTimeout)
	defer cancel()
	if locked, err := poll(ctx, lock.TryLock); !locked || err != nil {
		return func() {}
	}
	return func() { _ = lock.Unlock() }
}

// Lock acquires the lock called name, which one process at a time can hold. The kernel releases it
// when the process ends. The error is that of ctx, and unlock is never nil. Where locks do not
// work, Lock returns at once.
func (c *Cache) Lock(ctx context.Context, name string) (unlock func(), err error) {
	lock, err := c.Disk.lockFile(lockName(namedLock, name))
	if err != nil {
		return func() {}, nil
	}
	if _, err = poll(ctx, lock.TryLock); err != nil {
		if ctx.Err() != nil {
			return func() {}, ctx.Err()
		}
		c.debug("continuing without a lock", "name", name, "reason", err)
		return func() {}, nil
	}
	return func() { c.unlock(lock) }, nil
}

func (c *Cache) unlock(lock *flock.Flock) {
	if err := lock.Unlock(); err != nil {
		c.debug("lock not released", "reason", err)
	}
}

// poll calls try until it returns true or an error, or ctx ends.
func poll(ctx context.Context, try func() (done bool, err error)) (bool, error) {
	for wait := pollMin; ; wait = min(2*wait, pollMax) {
		if done, err := try(); done || err != nil {
			return done, err
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-ctx.Done():
			timer.Stop()
			return false, ctx.Err()
		case <-timer.C:
		}
	}
}
