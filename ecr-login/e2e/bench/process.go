package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"
)

// limit is the time after which a process is killed, so that a benchmark fails instead of hanging.
const limit = time.Minute

// sample is the cost of one process.
type sample struct {
	wall, cpu time.Duration
	faults    int64 // page faults, where the system counts them
}

// running is a started process.
type running struct {
	contender contender
	process   *os.Process
	began     time.Time
	out       *os.File
	overtime  *time.Timer
}

// start starts a contender as a container client does: the server URL on standard input, the answer
// into a pipe. Its clock starts right before the process is created.
func (b *bench) start(c contender) (*running, error) {
	in, err := os.Open(b.question)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	r := &running{contender: c, out: out}
	r.began = time.Now()
	r.process, err = os.StartProcess(c.program.path, c.program.argv(), &os.ProcAttr{
		Env:   c.env,
		Files: []*os.File{in, w, b.stderr},
	})
	if err != nil {
		out.Close()
		return nil, fmt.Errorf("starting %q: %w", c.program.path, err)
	}
	r.overtime = time.AfterFunc(limit, func() { _ = r.process.Kill() })
	return r, nil
}

// wait waits for the process to end and returns its cost and the time of its end. Its output stays
// in the pipe, which is large enough for any answer.
func (r *running) wait() (sample, time.Time, error) {
	state, err := r.process.Wait()
	ended := time.Now()
	r.overtime.Stop()
	if err != nil {
		return sample{}, ended, fmt.Errorf("waiting for %q: %w", r.contender.program.path, err)
	}
	if !state.Success() {
		return sample{}, ended, fmt.Errorf("%s ended with %v", r.contender.program.name, state)
	}
	return sample{
		wall:   ended.Sub(r.began),
		cpu:    state.UserTime() + state.SystemTime(),
		faults: faults(state),
	}, ended, nil
}

// check reads the answer and returns an error unless it is a token of the contender's principal.
func (b *bench) check(r *running) error {
	defer r.out.Close()
	out, err := io.ReadAll(r.out)
	if err != nil {
		return err
	}
	c := r.contender
	if c.program.password == nil {
		return nil
	}
	password, err := c.program.password(out)
	if err != nil {
		return fmt.Errorf("%s printed no password: %w", c.program.name, err)
	}
	if p, ok := b.server.PrincipalOf(password); !ok || p.ARN != c.principal {
		return fmt.Errorf("%s printed the token of %q, not of %q", c.program.name, p.ARN, c.principal)
	}
	return nil
}

// once runs a contender alone.
func (b *bench) once(c contender) (sample, error) {
	if c.prepare != nil {
		if err := c.prepare(); err != nil {
			return sample{}, err
		}
	}
	r, err := b.start(c)
	if err != nil {
		return sample{}, err
	}
	s, _, err := r.wait()
	if err == nil {
		err = b.check(r)
	} else {
		r.out.Close()
	}
	if err != nil {
		return sample{}, fmt.Errorf("%w%s", err, b.complaint())
	}
	return s, nil
}

// complaint returns the end of the standard error of all processes, for an error message.
func (b *bench) complaint() string {
	text, err := os.ReadFile(b.stderr.Name())
	text = bytes.TrimSpace(text)
	if err != nil || len(text) == 0 {
		return ""
	}
	return fmt.Sprintf("; standard error: %q", text[max(0, len(text)-400):])
}
