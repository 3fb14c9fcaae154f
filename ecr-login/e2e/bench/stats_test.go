package main

import (
	"math"
	"testing"
)

func TestSpreadOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		values []float64
		want   spread
	}{
		{"no values", nil, spread{}},
		{"one value", []float64{7}, spread{7, 7, 7}},
		{"an even number of values", []float64{4, 1, 3, 2}, spread{1.75, 2.5, 3.25}},
		{"an odd number of values", []float64{5, 1, 4, 2, 3}, spread{2, 3, 4}},
		{"one outlier changes nothing", []float64{2, 2, 2, 2, 900}, spread{2, 2, 2}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("%s: %v, want %v", c.why, got, c.want)
		}
	}
	values := []float64{3, 1, 2}
	spreadOf(values)
	if values[0] != 3 {
		t.Error("the values were sorted in place")
	}
}

func TestOver(t *testing.T) {
	t.Parallel()
	if got := (spread{1, 3, 9}).over(spread{1, 2, 9}); got != 1.5 {
		t.Errorf("3 over 2 is %v, want 1.5", got)
	}
	if got := (spread{1, 3, 9}).over(spread{}); !math.IsNaN(got) {
		t.Errorf("over zero is %v, want NaN", got)
	}
	if got := (spread{101, 103, 109}).minus(100); got != (spread{1, 3, 9}) {
		t.Errorf("minus 100 is %v, want 1 3 9", got)
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{times(1.704), "1.70 ×"},
		{times(0.4512), "0.451 ×"}, // two digits would make a target of 0.45 look reached
		{times(0.9999), "1.00 ×"},
		{times(math.NaN()), unknown},
		{times(math.Inf(-1)), unknown},
		{millis(2.345), "2.35 ms"},
		{millis(9.996), "10.0 ms"},
		{millis(12.34), "12.3 ms"},
		{millis(99.96), "100 ms"},
		{millis(1511.6), "1,512 ms"},
		{quartiles(spread{1.5, 2, 2.25}), "2.00 ms (1.50–2.25)"},
		{count(999), "999"},
		{count(1234567), "1,234,567"},
		{count(-1234), "-1,234"},
		{megabytes(10_413_000), "10.41 MB"},
		{figure{Value: 5}.format(count), "5"},
		{figure{Missing: "no strace"}.format(count), unknown},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
