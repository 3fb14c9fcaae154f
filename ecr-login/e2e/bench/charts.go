package main

import (
	"fmt"
	"math"
	"strings"
)

// The charts are Mermaid's xychart, which GitHub draws. It has no legend and no logarithmic axis,
// so captions name the lines, and the tables below have the numbers.

// nameOf returns the name of a program in charts and tables.
func (r *results) nameOf(id string) string {
	for _, p := range r.Programs {
		if p.ID == id {
			return p.Name
		}
	}
	return id
}

// series is one bar or line of a chart: one value for each label of the x axis.
type series struct {
	kind   string // "bar" or "line"
	values []float64
}

// chart returns a Mermaid chart. A value that was not measured (NaN) is drawn as zero, since
// Mermaid needs a number.
func chart(title string, labels []string, yAxis string, all ...series) string {
	var b strings.Builder
	quoted := make([]string, len(labels))
	for i, label := range labels {
		quoted[i] = quote(label)
	}
	fmt.Fprintf(&b, "```mermaid\nxychart-beta\n    title %s\n    x-axis [%s]\n    y-axis %s\n", quote(title), strings.Join(quoted, ", "), quote(yAxis))
	for _, s := range all {
		numbers := make([]string, len(s.values))
		for i, v := range s.values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				v = 0
			}
			numbers[i] = fmt.Sprintf("%.2f", v)
		}
		fmt.Fprintf(&b, "    %s [%s]\n", s.kind, strings.Join(numbers, ", "))
	}
	b.WriteString("```\n")
	return b.String()
}

// quote returns a Mermaid string, which cannot hold quotes or line breaks.
func quote(s string) string {
	return `"` + strings.NewReplacer(`"`, "'", "\n", " ").Replace(s) + `"`
}

// warmChart shows the wall time of a cached answer for each program.
func warmChart(r *results) string {
	var labels []string
	var values []float64
	for _, m := range r.Warm {
		if m.Scene == staticKeys {
			labels, values = append(labels, r.nameOf(m.Program)), append(values, m.Wall.Median)
		}
	}
	return chart("A cached answer", labels, "median wall time in ms", series{"bar", values})
}

// peerChart shows a line for the first peer and one for this helper.
func peerChart(r *results, title string, counts []int, yAxis string, value func(id string, n int) float64) string {
	var labels []string
	for _, n := range counts {
		labels = append(labels, thousands(float64(n)))
	}
	var all []series
	for _, id := range r.ids() {
		s := series{kind: "line"}
		for _, n := range counts {
			s.values = append(s.values, value(id, n))
		}
		all = append(all, s)
	}
	return chart(title, labels, yAxis, all...)
}

func entriesChart(r *results) string {
	return peerChart(r, "A cached answer, by entries in the cache", entryCounts, "median wall time in ms", func(id string, n int) float64 {
		if s := r.Entries.of(id, entryScene(n)); s != nil {
			return s.Wall.Median
		}
		return math.NaN()
	})
}

func callsChart(r *results) string {
	return peerChart(r, "Cold gets started at once", volleyCounts, "calls to AWS", func(id string, n int) float64 {
		if v := r.ParallelCold.of(id, n); v != nil {
			return v.Calls.Median
		}
		return math.NaN()
	})
}

// caption names the lines of a peerChart, in the order of their last values.
func (r *results) caption() string {
	if len(r.Peers) == 0 {
		return "The line is this helper."
	}
	return "The upper line is " + r.nameOf(peerID) + ", the lower line is this helper."
}
