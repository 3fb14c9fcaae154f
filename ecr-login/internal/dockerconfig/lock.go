package dockerconfig

import (
	"context"
	"errors"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockWait is enough for hundreds of edits, and for ten on a machine that is overloaded. A
	// process that holds the lock for longer was stopped.
	lockWait = 15 * time.Second
	lockTick = 10 * time.Millisecond
)

var errBusy = errors.New("locked")

// A lock keeps other processes of this program from editing in a directory. Docker takes no lock.
type lock struct {
	flock *flock.Flock
	held  bool // false: the file system has no locks
}

// lock waits for the lock of the directory, at most as long as wait and until ctx is done.
func (d *dir) lock(ctx context.Context, wait time.Duration) (*lock, error) {
	l := newLock(d.target.dir)
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	_, err := l.flock.TryLockContext(ctx, lockTick)
	for isBusy(err) && ctx.Err() == nil { // Windows refuses to open the file while another process removes it
		time.Sleep(lockTick)
		_, err = l.flock.TryLockContext(ctx, lockTick)
	}
	switch {
	case isBusy(err):
		return nil, &Error{Path: d.target.named, Message: "cannot be locked: " + reason(err), Advice: "check the access to " + d.target.dir, Err: err}
	case ctx.Err() != nil:
		return nil, &Error{Path: d.target.named, Message: "is being edited by another process of this program", Advice: "run the command again", Err: errBusy}
	case err == nil:
		l.held = true
	}
	if !d.isAt(d.target.dir) { // its last user removed the directory, and it may exist again
		l.unlock()
		return nil, errRetry
	}
	return l, nil
}
