// Package peak tells how much memory a process had when it ended, which the kernel forgets at that moment. It is for
// measuring and for tests: the process is traced, which only Linux offers in this way, and some sandboxes refuse.
//
// What wait4 tells (maxrss) is no good for that: a child begins with its parent's high-water mark, so every small
// program looks as big as the one that starts it. VmHWM in /proc belongs to the memory of the new program alone, but
// is gone with it; so the process is stopped right at its end and read then.
package peak

import "errors"

// Memory is what a process had resident, in bytes.
type Memory struct {
	Most    int64 // ever
	File    int64 // at its end: what was mapped of files, its own program first of all
	Private int64 // at its end: what is in no file and shared with nobody
}

// ErrMissing is wrapped by the reason why the memory of a process cannot be told here.
var ErrMissing = errors.New("not counted")
