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

	// lockSlots bounds the number of lock files: they are never unlinked,
	// because two processes could then hold the lock of one name. Two names
	// that share a slot wait for each other, which costs time only.
	lockSlots = 4096

	// The wait between two tries grows from pollMin to pollMax, each moved
	// by up to half of it, so that hundreds who wait do not try at once.
	pollMin = 10 * time.Millisecond
	pollMax = 40 * time.Millisecond

	// keyLockPatience bounds the wait for the lock of the sealing key, which
	// is held for a few system calls.
	keyLockPatience = 2 * time.Second
)

// Locks of different kinds have files of their own. A process that holds an
// entry's lock may take one with a name, never the other way round, so nobody
// waits in a circle.
const (
	entryLock = "entry-"
	namedLock = "name-"
)

// lockName is the file of the slot that name falls into.
func lockName(kind, name string) string {
	h := hashKey(name)
	slot := (int(h[0])<<8 | int(h[1])) % lockSlots
	return kind + strconv.Itoa(slot)
}

var errNoLocks = errors.New("no locks without a disk")

// lockFile returns the lock file called name, in a folder that is made for it.
// An error means that we have to do without locks.
func (d *Disk) lockFile(name string) (*flock.Flock, error) {
	if d == nil || d.options.Disabled {
		return nil, errNoLocks
	}
	f, err := d.writing()
	if err != nil {
		return nil, err
	}
	defer f.close()
	return lockIn(f, name)
}

func lockIn(f *folder, name string) (*flock.Flock, error) {
	dir, err := f.root()
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	if err := dir.Mkdir(locksDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return flock.New(join(f.path, locksDir, name), flock.SetFlag(lockFlags), flock.SetPermissions(0o600)), nil
}

// lockSealingKey keeps others from making a sealing key, or at least waited.
func (d *Disk) lockSealingKey(f *folder) (unlock func()) {
	lock, err := lockIn(f, "sealing-key")
	if err != nil {
		return func() {}
	}
	ctx, cancel := context.WithTimeout(context.Background(), keyLockPatience)
	defer cancel()
	if got, err := poll(ctx, lock.TryLock); !got || err != nil {
		return func() {}
	}
	return func() { _ = lock.Unlock() }
}

// Lock waits for the lock called name, which one process at a time holds and
// which the kernel frees when the process ends. The error is that of ctx.
// Where there are no locks it returns at once: what it protects may then be
// done twice.
func (c *Cache) Lock(ctx context.Context, name string) (unlock func(), err error) {
	lock, err := c.Disk.lockFile(lockName(namedLock, name))
	if err != nil {
		return func() {}, nil
	}
	if _, err = poll(ctx, lock.TryLock); err != nil {
		if ctx.Err() != nil {
			return func() {}, ctx.Err()
		}
		c.debug("going on without a lock", "name", name, "reason", err)
		return func() {}, nil
	}
	return func() { _ = lock.Unlock() }, nil
}

// poll calls try until it is done, fails, or ctx ends.
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
