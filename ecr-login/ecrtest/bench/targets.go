package main

import (
	"fmt"
	"math"
)

// row is one target: what was measured, what must be reached, and whether it is.
type row struct{ Measure, Measured, Target, Verdict string }

const (
	holds  = "holds"
	missed = "**missed**"
	noPeer = "no peer given"
)

// The targets. They are ratios where the machine would decide otherwise.
const (
	maxWarmToPeer    = 0.45 // wall and CPU; also the CPU of 100 in parallel
	maxWallToEmpty   = 1.7
	maxCPUToEmpty    = 1.8
	maxBundleToPeer  = 0.28
	maxToStaticKeys  = 1.10
	maxToOneEntry    = 1.10
	maxColdToPeer    = 1.0
	maxColdCPU       = 40.0 // ms
	maxBinary        = 12e6
	maxPeakOverEmpty = 4e6
	maxParseNanos    = 300.0
	maxParseAllocs   = 1.0
)

func wall(s *summary) spread { return s.Wall }
func cpu(s *summary) spread  { return s.CPU }

// targets is the table of targets.
func targets(r *results) []row {
	ours, empty, peer := r.Warm.of(oursID, staticKeys), r.Warm.of(emptyID, staticKeys), r.Warm.of(peerID, staticKeys)
	oursBundle, peerBundle := r.Warm.of(oursID, withBundle), r.Warm.of(peerID, withBundle)
	rows := []row{
		ratioRow("warm `get`, wall, to the peer", ours, peer, wall, maxWarmToPeer),
		ratioRow("warm `get`, CPU, to the peer", ours, peer, cpu, maxWarmToPeer),
		ratioRow("warm `get`, wall, to an empty Go program", ours, empty, wall, maxWallToEmpty),
		ratioRow("warm `get`, CPU, to an empty Go program", ours, empty, cpu, maxCPUToEmpty),
		ratioRow("warm `get` with `AWS_CA_BUNDLE`, wall, to the peer", oursBundle, peerBundle, wall, maxBundleToPeer),
		ratioRow("warm `get` with `AWS_CA_BUNDLE`, CPU, to the peer", oursBundle, peerBundle, cpu, maxBundleToPeer),
	}
	rows = append(rows, sourceRows(r.Sources)...)
	one, many := r.Entries.of(oursID, entryScene(1)), r.Entries.of(oursID, entryScene(10_000))
	rows = append(rows,
		ratioRow("warm `get` with 10,000 entries, wall, to one entry", many, one, wall, maxToOneEntry),
		ratioRow("warm `get` with 10,000 entries, CPU, to one entry", many, one, cpu, maxToOneEntry),
	)
	rows = append(rows, coldRows(r.Cold)...)
	return append(rows,
		volleyRow(r.ParallelWarm.of(oursID, 100), r.ParallelWarm.of(peerID, 100)),
		limitRow("stripped linux/amd64 binary", figure{Value: float64(r.Size.Total)}, maxBinary, megabytes),
		peakRow(r.cost(oursID, staticKeys), r.cost(emptyID, staticKeys)),
		limitRow("`registry.Parse`, time", r.ParseNanos, maxParseNanos, nanoseconds),
		limitRow("`registry.Parse`, allocations", r.ParseAllocs, maxParseAllocs, count),
	)
}

// verdict compares; what is not a number is no verdict.
func verdict(value, limit float64) string {
	switch {
	case math.IsNaN(value):
		return unknown
	case value <= limit:
		return holds
	}
	return missed
}

// ratioRow holds when a takes at most limit times what base takes. Only the peer may be missing.
func ratioRow(measure string, a, base *summary, pick func(*summary) spread, limit float64) row {
	target := "≤ " + times(limit)
	if a == nil || base == nil {
		return row{measure, unknown, target, noPeer}
	}
	x := pick(a).over(pick(base))
	return row{measure, times(x), target, verdict(x, limit)}
}

// sourceRows are about the source that is the slowest against static keys.
func sourceRows(m measurement) []row {
	static := m.of(oursID, staticKeys)
	connections := 0
	worst := func(measure string, pick func(*summary) spread) row {
		at, x := "", math.Inf(-1)
		for _, from := range sources[1:] {
			if s := m.of(oursID, from.name); s != nil && static != nil {
				if y := pick(s).over(pick(static)); y > x {
					at, x = from.name, y
				}
			}
		}
		return row{measure, fmt.Sprintf("%s (%s)", times(x), at), "≤ " + times(maxToStaticKeys), verdict(x, maxToStaticKeys)}
	}
	for i := range m {
		if m[i].Program == oursID {
			connections += m[i].Connections
		}
	}
	return []row{
		worst("warm `get` by role, SSO, process, container, EC2: the slowest, wall, to static keys", wall),
		worst("the same, CPU", cpu),
		limitRow("the same, connections made by all runs", figure{Value: float64(connections)}, 0, count),
	}
}

// coldRows are about a cold get, what the API took taken off.
func coldRows(m measurement) []row {
	ours, peer := m.of(oursID, overHTTP), m.of(peerID, overHTTP)
	own := row{"cold `get` without the API's latency, wall, to the peer", unknown, "≤ " + times(maxColdToPeer), noPeer}
	if ours != nil && peer != nil {
		x := ours.Wall.minus(latencyMS).over(peer.Wall.minus(latencyMS))
		own.Measured, own.Verdict = times(x), verdict(x, maxColdToPeer)
	}
	return []row{own, limitRow("cold `get`, CPU", figure{Value: cpu(ours).Median}, maxColdCPU, millis)}
}

// volleyRow is about the CPU of many at once.
func volleyRow(ours, peer *volley) row {
	own := row{"100 parallel warm `get`s, total CPU, to the peer", unknown, "≤ " + times(maxWarmToPeer), noPeer}
	if ours != nil && peer != nil {
		x := ours.CPU.over(peer.CPU)
		own.Measured, own.Verdict = times(x), verdict(x, maxWarmToPeer)
	}
	return own
}

// peakRow is about the memory of a hit.
func peakRow(ours, empty *cost) row {
	f := ours.Peak
	if f.Missing == "" {
		f.Value -= empty.Peak.Value
	}
	return limitRow("peak memory of a hit, above an empty Go program", f, maxPeakOverEmpty, megabytes)
}

// limitRow holds when the figure is at most limit.
func limitRow(measure string, f figure, limit float64, format func(float64) string) row {
	target := "≤ " + format(limit)
	if limit == 0 {
		target = "none"
	}
	if f.Missing != "" {
		return row{measure, unknown, target, f.Missing}
	}
	return row{measure, format(f.Value), target, verdict(f.Value, limit)}
}
