package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// unknown is shown in place of a missing number.
const unknown = "–"

// times formats a ratio with three digits.
func times(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return unknown
	case x < 0.9995:
		return fmt.Sprintf("%.3f ×", x)
	}
	return fmt.Sprintf("%.2f ×", x)
}

// millis formats milliseconds with three digits, which is as precise as the measurement.
func millis(ms float64) string {
	switch {
	case ms >= 99.95:
		return fmt.Sprintf("%s ms", thousands(math.Round(ms)))
	case ms >= 9.995:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.2f ms", ms)
}

// quartiles formats a median with the middle half of the runs.
func quartiles(s spread) string {
	unit := func(ms float64) string { return strings.TrimSuffix(millis(ms), " ms") }
	return fmt.Sprintf("%s (%s–%s)", millis(s.Median), unit(s.Q1), unit(s.Q3))
}

func nanoseconds(ns float64) string { return fmt.Sprintf("%.0f ns", ns) }
func count(n float64) string        { return thousands(math.Round(n)) }
func megabytes(b float64) string    { return fmt.Sprintf("%.2f MB", b/1e6) }

// thousands formats a whole number with commas.
func thousands(n float64) string {
	digits := strconv.FormatFloat(math.Abs(n), 'f', 0, 64)
	var b strings.Builder
	if n < 0 {
		b.WriteByte('-')
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

func (f figure) format(format func(float64) string) string {
	if f.Missing != "" {
		return unknown
	}
	return format(f.Value)
}
