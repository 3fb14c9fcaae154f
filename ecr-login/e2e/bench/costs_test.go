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
		{"a current strace", today, 116},
		{"an older strace, which leaves a column of the total empty", older, 40},
	} {
		if got, err := straceTotal([]byte(c.report)); err != nil || got != c.want {
			t.Errorf("%s: %v, %v, want %v", c.why, got, err, c.want)
		}
	}
	for _, bad := range []struct{ why, report string }{
		{"an empty report", ""},
		{"no heading", "100.00    0.002066           7       268         6 total\n"},
		{"no total", "% time     seconds  usecs/call     calls    errors syscall\n  0.00    0.000000           0        40           read\n"},
		{"a total that is not a number", "% time     seconds  usecs/call     calls    errors syscall\n100.00    0.002066           7       abc         6 total\n"},
		{"a short line", "% time     seconds  usecs/call     calls    errors syscall\n1 total\n"},
	} {
		if got, err := straceTotal([]byte(bad.report)); err == nil {
			t.Errorf("%s: parsed as %v", bad.why, got)
		}
	}
}

func TestMedianOf(t *testing.T) {
	t.Parallel()
	n := 0.0
	got, err := medianOf(func() (float64, error) { n++; return n, nil })
	if err != nil || got.Value != 3 {
		t.Errorf("%v, %v, want the median of %d counts", got, err, costRuns)
	}
	got, err = medianOf(func() (float64, error) { return 0, fmt.Errorf("%w: no strace", errMissing) })
	if err != nil || got.Missing != "not counted: no strace" {
		t.Errorf("%v, %v, want the reason", got, err)
	}
	broken := errors.New("broken")
	if _, err = medianOf(func() (float64, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("error %v: a failed count is not a missing one", err)
	}
}
