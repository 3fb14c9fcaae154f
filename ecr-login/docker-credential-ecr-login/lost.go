package main

import (
	"errors"
	"io"
	"io/fs"
)

// answers is standard output. It remembers why an answer could not be written, and writes nothing more then: what follows
// a gap would be taken for the whole.
type answers struct {
	io.Writer
	err error
}

func (a *answers) Write(b []byte) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.Writer.Write(b)
	a.err = err
	return n, err
}

// A lostAnswer is the error of standard output, without the name of its file, which says less.
type lostAnswer struct{ error }

func (l lostAnswer) Unwrap() error { return l.error }

func (l lostAnswer) Error() string {
	err := l.error
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return "writing the answer: " + err.Error()
}

// lost is why an answer could not be written; nil when all were.
func (o output) lost() error {
	if a, ok := o.stdout.(*answers); ok && a.err != nil {
		return lostAnswer{a.err}
	}
	return nil
}

// settled is the exit code of what ended with code, now that it is known whether its answers were written.
func (o output) settled(code int) int {
	if err := o.lost(); err != nil && code == 0 {
		return o.problem(err, "")
	}
	return code
}
