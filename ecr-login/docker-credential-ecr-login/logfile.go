package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// logFileMost is the size at which a log file makes way: it becomes FILE.1, in place of the one before, so that both
// together keep the last megabyte at least, and hardly more than two. A get tells about 3 kB.
const logFileMost = 1 << 20

// A logFile is a file that many processes append to. Each record is one write, which the system puts at the end whole.
//
// Who finds the file full takes its lock, if nobody else has it, and looks whether the name still leads to the file that
// is locked: only then it is renamed. So of those who find it full at once one renames, and nobody renames the
// new one.
type logFile struct {
	path string
	most int64
	warn func(error) // hears once why nothing is written; nil: nobody does

	mu     sync.Mutex
	file   *os.File
	warned bool
}

// Write never fails: there is nobody who could do something about it.
func (l *logFile) Write(record []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.write(record); err != nil && !l.warned {
		l.warned = true
		if l.warn != nil {
			l.warn(err)
		}
	}
	return len(record), nil
}

func (l *logFile) write(record []byte) error {
	// Twice: when another process has renamed the file, it is the new one that may be full by now.
	for range 2 {
		if l.file == nil {
			file, err := openLog(l.path)
			if err != nil {
				return err
			}
			l.file = file
		}
		now, err := l.file.Stat()
		if err != nil {
			return err
		}
		if now.Size()+int64(len(record)) <= l.most || !l.makeWay(now) {
			if now.Size() > 2*l.most {
				return errFull // where nobody can rename it
			}
			break
		}
		l.file.Close()
		l.file = nil
	}
	if l.file == nil {
		file, err := openLog(l.path)
		if err != nil {
			return err
		}
		l.file = file
	}
	_, err := l.file.Write(record)
	return err
}

// makeWay renames the file that is open, unless somebody does or did. It tells whether the name leads elsewhere now.
func (l *logFile) makeWay(open fs.FileInfo) bool {
	if !tryLock(l.file) {
		return false // what we write goes where the other one puts it
	}
	if named, err := os.Lstat(l.path); err == nil && os.SameFile(named, open) {
		return os.Rename(l.path, l.path+".1") == nil
	}
	return true
}

var (
	errNotAbsolute = errors.New("it is no absolute path, and clients start this program wherever they are")
	errFull        = errors.New("it is full and cannot be renamed")
	errNotOurFile  = errors.New("it is not a file of this user alone")
)

// openLog opens a file to append to, and makes it. It follows no link, waits for no pipe, and refuses what somebody
// else could have put there to be written to.
func openLog(path string) (*os.File, error) {
	if !filepath.IsAbs(path) {
		return nil, errNotAbsolute
	}
	if fi, err := os.Lstat(path); err == nil && !fi.Mode().IsRegular() {
		return nil, errNotOurFile
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|logFlags, 0o600)
	if err != nil {
		var inner *fs.PathError
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, err
	}
	fi, err := file.Stat()
	switch {
	case err != nil:
	case !fi.Mode().IsRegular() || !isPrivate(fi):
		err = errNotOurFile
	case fi.Mode().Perm()&0o077 != 0 && checksMode:
		err = file.Chmod(0o600)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
