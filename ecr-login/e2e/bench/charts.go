package main

import (
	"fmt"
	"math"
)

// The charts, as they are named beside the document.
const (
	warmChart     = "benchmarks-warm.svg"
	entriesChart  = "benchmarks-entries.svg"
	parallelChart = "benchmarks-parallel.svg"
)

// charts draws what the document shows.
func charts(r *results) []file {
	return []file{{warmChart, drawWarm(r)}, {entriesChart, drawEntries(r)}, {parallelChart, drawParallel(r)}}
}

// nameOf is how a chart or table calls a program.
func (r *results) nameOf(id string) string {
	for _, p := range r.Programs {
		if p.ID == id {
			return p.Name
		}
	}
	return id
}

func drawWarm(r *results) []byte {
	base := r.Warm.of(emptyID, staticKeys)
	var list []bar
	for _, m := range r.Warm {
		label := r.nameOf(m.Program)
		if m.Scene == withBundle {
			label += ", " + withBundle
		}
		list = append(list, bar{label, colourOf(m.Program), m.Wall, "(" + times(m.Wall.over(base.Wall)) + ")"})
	}
	return bars("A cached answer, from start to end",
		fmt.Sprintf("median wall time of %d interleaved runs; black: the middle half of them", base.Runs), list, millis)
}

// pair are ours and the first peer, or ours alone when there is no peer.
func (r *results) pair(value func(id string, step int) float64, steps int) []series {
	var list []series
	for _, id := range []string{peerID, oursID} {
		if id == peerID && len(r.Peers) == 0 {
			continue
		}
		s := series{label: r.nameOf(id), colour: colourOf(id)}
		for i := range steps {
			s.values = append(s.values, value(id, i))
		}
		list = append(list, s)
	}
	return list
}

func drawEntries(r *results) []byte {
	var steps []string
	for _, n := range entryCounts {
		steps = append(steps, thousands(float64(n)))
	}
	return lines("A cached answer among many", "median wall time by entries in the cache; logarithmic", steps,
		r.pair(func(id string, i int) float64 {
			if s := r.Entries.of(id, entryScene(entryCounts[i])); s != nil {
				return s.Wall.Median
			}
			return math.NaN()
		}, len(steps)), millis)
}

func drawParallel(r *results) []byte {
	var steps []string
	for _, n := range volleyCounts {
		steps = append(steps, thousands(float64(n)))
	}
	return lines("Nothing cached, many ask at once", "calls to AWS by processes started at once; median, logarithmic", steps,
		r.pair(func(id string, i int) float64 {
			if v := r.ParallelCold.of(id, volleyCounts[i]); v != nil {
				return v.Calls.Median
			}
			return math.NaN()
		}, len(steps)), count)
}
