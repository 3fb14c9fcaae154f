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

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/peak"
)

// costRuns is how often what is counted, not timed, is counted: it varies with the scheduling of threads only.
const costRuns = 5

// cost is what of a run is counted. Memory is in bytes, at the end of the run, which is where it is largest.
type cost struct {
	Program, Scene string
	SystemCalls    figure
	Peak           figure // resident, with what is mapped of the program's file
	Private        figure // the part of it that is in no file and shared with nobody
}

// figure is a number, or the reason why there is none.
type figure struct {
	Value   float64
	Missing string
}

// errMissing is wrapped by the reason why something cannot be counted on this machine.
var errMissing = peak.ErrMissing

// costs counts what one run of each contender needs.
func (b *bench) costs(contenders []contender) ([]cost, error) {
	b.progress("system calls and peak memory of %d", len(contenders))
	var all []cost
	for _, c := range contenders {
		calls, err := figures(func() ([]float64, error) { return b.systemCalls(c) }, 1)
		if err == nil {
			var memory []figure
			if memory, err = figures(func() ([]float64, error) { return b.memory(c) }, 2); err == nil {
				all = append(all, cost{c.program.id, c.scene, calls[0], memory[0], memory[1]})
				continue
			}
		}
		return nil, fmt.Errorf("%s, %s: %w", c.program.name, c.scene, err)
	}
	return all, nil
}

// figures are the medians of what count returns, n values each time, or why it cannot.
func figures(count func() ([]float64, error), n int) ([]figure, error) {
	medians := make([]figure, n)
	values := make([][]float64, n)
	for range costRuns {
		v, err := count()
		if errors.Is(err, errMissing) {
			for i := range medians {
				medians[i] = figure{Missing: err.Error()}
			}
			return medians, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range values {
			values[i] = append(values[i], v[i])
		}
	}
	for i := range medians {
		medians[i] = figure{Value: spreadOf(values[i]).Median}
	}
	return medians, nil
}

// memory is the peak of a process, and the private part of what it had at its end.
func (b *bench) memory(c contender) ([]float64, error) {
	in, err := os.Open(b.question)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	m, err := peak.Run(c.program.path, c.program.argv(), &os.ProcAttr{Env: c.env, Files: []*os.File{in, out, b.stderr}})
	return []float64{float64(m.Most), float64(m.Private)}, err
}

// systemCalls lets strace count.
func (b *bench) systemCalls(c contender) ([]float64, error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return nil, fmt.Errorf("%w: strace is not installed", errMissing)
	}
	in, err := os.Open(b.question)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	report := filepath.Join(b.dir, "strace")
	cmd := exec.CommandContext(b.ctx, strace, append([]string{"-f", "-c", "-o", report}, c.program.argv()...)...)
	cmd.Env, cmd.Stdin = c.env, in
	if text, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(text, []byte("ptrace")) {
			return nil, fmt.Errorf("%w: strace may not trace here", errMissing)
		}
		return nil, fmt.Errorf("counting system calls: %w: %s", err, text)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return nil, err
	}
	total, err := straceTotal(text)
	return []float64{total}, err
}

// straceTotal reads what strace -c writes: columns of numbers that end where their headings end, and a last line
// of totals, which leaves some columns empty.
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
