package main

import (
	"math"
	"slices"
)

// spread summarises many values: half of them lie between Q1 and Q3.
type spread struct{ Q1, Median, Q3 float64 }

// spreadOf returns the spread of values, or the zero spread when there are none.
func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	return spread{quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)}
}

// quantile interpolates between the two nearest sorted values.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	low := int(at)
	if low+1 == len(sorted) {
		return sorted[low]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}

// over returns the ratio of two medians, or NaN when base is zero.
func (s spread) over(base spread) float64 {
	if base.Median == 0 {
		return math.NaN()
	}
	return s.Median / base.Median
}

// minus subtracts a constant.
func (s spread) minus(d float64) spread { return spread{s.Q1 - d, s.Median - d, s.Q3 - d} }
