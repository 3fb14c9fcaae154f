package main

import (
	"errors"
	"fmt"
	"testing"
)

func TestStraceTotal(t *testing.T) {
	t.Parallel()
	const today = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 16.55    0.000342           3       114           rt_sigaction
  5.32    0.000110          55         2         1 openat
------ ----------- ----------- --------- --------- ----------------
100.00    0.002066           7       116         1 total
`
	const older = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
  0.00    0.000000           0        40           rt_sigaction
------ ----------- ----------- --------- --------- ----------------
100.00    0.000000                    40           total
`
	for _, c := range []struct {
		why, report string
		want        float64
	}{
		{"strace of today", today, 116},
		{"an older one leaves a column of the total empty", older, 40},
	} {
		if got, err := straceTotal([]byte(c.report)); err != nil || got != c.want {
			t.Errorf("%s: %v, %v, want %v", c.why, got, err, c.want)
		}
	}
	for _, bad := range []struct{ why, report string }{
		{"nothing", ""},
		{"no heading", "100.00    0.002066           7       268         6 total\n"},
		{"no total", "% time     seconds  usecs/call     calls    errors syscall\n  0.00    0.000000           0        40           read\n"},
		{"a total that is no number", "% time     seconds  usecs/call     calls    errors syscall\n100.00    0.002066           7       abc         6 total\n"},
		{"a line that is too short", "% time     seconds  usecs/call     calls    errors syscall\n1 total\n"},
	} {
		if got, err := straceTotal([]byte(bad.report)); err == nil {
			t.Errorf("%s: read as %v", bad.why, got)
		}
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	n := 0.0
	got, err := figures(func() ([]float64, error) { n++; return []float64{n, 10 * n}, nil }, 2)
	if err != nil || got[0].Value != 3 || got[1].Value != 30 {
		t.Errorf("%v, %v, want the medians of %d counts", got, err, costRuns)
	}
	got, err = figures(func() ([]float64, error) { return nil, fmt.Errorf("%w: no strace", errMissing) }, 2)
	if err != nil || got[0].Missing != "not counted: no strace" || got[1].Missing == "" {
		t.Errorf("%v, %v, want the reason", got, err)
	}
	broken := errors.New("broken")
	if _, err = figures(func() ([]float64, error) { return nil, broken }, 1); !errors.Is(err, broken) {
		t.Errorf("error %v: what fails is not what is missing", err)
	}
}
