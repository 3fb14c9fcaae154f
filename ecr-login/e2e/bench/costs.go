package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// costRuns is the number of runs for counted figures, which vary only with the scheduling of
// threads.
const costRuns = 5

// cost is what is counted in a run of a program. Private is the private memory in bytes at the end
// of the run, when it is largest: pages of a file are shared by all processes that run it, and are
// not counted.
type cost struct {
	Program, Scene string
	SystemCalls    figure
	Private        figure
}

// figure is a number, or the reason why it is missing.
type figure struct {
	Value   float64
	Missing string
}

// errMissing is wrapped by errors that say why something cannot be counted on this machine.
var errMissing = errors.New("not counted")

// costs counts the costs of one run of each contender.
func (b *bench) costs(contenders []contender) ([]cost, error) {
	b.progress("system calls and private memory of %d", len(contenders))
	var all []cost
	for _, c := range contenders {
		calls, err := medianOf(func() (float64, error) { return b.systemCalls(c) })
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", c.program.name, c.scene, err)
		}
		private, err := medianOf(func() (float64, error) { return b.memory(c) })
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", c.program.name, c.scene, err)
		}
		all = append(all, cost{c.program.id, c.scene, calls, private})
	}
	return all, nil
}

// medianOf returns the median of several counts, or the reason why nothing can be counted here.
func medianOf(count func() (float64, error)) (figure, error) {
	var values []float64
	for range costRuns {
		v, err := count()
		if errors.Is(err, errMissing) {
			return figure{Missing: err.Error()}, nil
		}
		if err != nil {
			return figure{}, err
		}
		values = append(values, v)
	}
	return figure{Value: spreadOf(values).Median}, nil
}

// memory returns the private memory of one run at its end.
func (b *bench) memory(c contender) (float64, error) {
	in, err := os.Open(b.question)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	private, err := privateMemory(c.program.path, c.program.argv(), &os.ProcAttr{Env: c.env, Files: []*os.File{in, out, b.stderr}})
	return float64(private), err
}

// systemCalls returns the number of system calls of one run, counted by strace.
func (b *bench) systemCalls(c contender) (float64, error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return 0, fmt.Errorf("%w: strace is not installed", errMissing)
	}
	in, err := os.Open(b.question)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	report := filepath.Join(b.dir, "strace")
	cmd := exec.CommandContext(b.ctx, strace, append([]string{"-f", "-c", "-o", report}, c.program.argv()...)...)
	cmd.Env, cmd.Stdin = c.env, in
	if text, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(text, []byte("ptrace")) {
			return 0, fmt.Errorf("%w: strace is not permitted to trace here", errMissing)
		}
		return 0, fmt.Errorf("counting system calls: %w: %s", err, text)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return 0, err
	}
	return straceTotal(text)
}

// straceTotal returns the total of a report of strace -c: columns of numbers that end where their
// headings end, and a last line of totals, in which some columns are empty.
func straceTotal(report []byte) (float64, error) {
	end := -1
	for line := range strings.Lines(string(report)) {
		const heading = " calls"
		if i := strings.Index(line, heading); i >= 0 {
			end = i + len(heading)
			continue
		}
		if !strings.HasSuffix(strings.TrimSpace(line), " total") || end < 0 || end > len(line) {
			continue
		}
		fields := strings.Fields(line[:end])
		return strconv.ParseFloat(fields[len(fields)-1], 64)
	}
	return 0, errors.New("strace wrote no total")
}
