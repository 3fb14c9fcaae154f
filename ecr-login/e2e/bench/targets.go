package main

import (
	"fmt"
	"math"
)

// row is one target: the measure, its value, its target, and whether the target holds. Beside is
// the same measure against further peers, which are not part of the target.
type row struct {
	Measure, Measured, Target, Verdict string
	Beside                             []string
}

const (
	holds  = "holds"
	missed = "**missed**"
	noPeer = "no peer given"
)

// The targets. They are ratios where a number would depend on the machine.
const (
	maxWarmToPeer       = 0.45 // wall and CPU; also the CPU of 100 in parallel
	maxWallToEmpty      = 1.7
	maxCPUToEmpty       = 1.8
	maxBundleToPeer     = 0.28
	maxToStaticKeys     = 1.10
	maxToOneEntry       = 1.10
	maxColdToPeer       = 1.0
	maxColdCPU          = 40.0 // ms
	maxBinary           = 12e6
	maxPrivateOverEmpty = 0.3e6
	maxParseNanos       = 300.0
	maxParseAllocs      = 1.0
)

func wall(s *summary) spread { return s.Wall }
func cpu(s *summary) spread  { return s.CPU }

// targets returns the table of targets.
func targets(r *results) []row {
	ours, empty := r.Warm.of(oursID, staticKeys), r.Warm.of(emptyID, staticKeys)
	warm := func(scene string, pick func(*summary) spread) func(id string) float64 {
		return func(id string) float64 { return ratio(r.Warm.of(oursID, scene), r.Warm.of(id, scene), pick) }
	}
	rows := []row{
		peerRow(r, "warm `get`, wall, to the peer", warm(staticKeys, wall), maxWarmToPeer),
		peerRow(r, "warm `get`, CPU, to the peer", warm(staticKeys, cpu), maxWarmToPeer),
		ratioRow("warm `get`, wall, to an empty Go program", ours, empty, wall, maxWallToEmpty),
		ratioRow("warm `get`, CPU, to an empty Go program", ours, empty, cpu, maxCPUToEmpty),
		peerRow(r, "warm `get` with `AWS_CA_BUNDLE`, wall, to the peer", warm(withBundle, wall), maxBundleToPeer),
		peerRow(r, "warm `get` with `AWS_CA_BUNDLE`, CPU, to the peer", warm(withBundle, cpu), maxBundleToPeer),
	}
	rows = append(rows, sourceRows(r.Sources)...)
	one, many := r.Entries.of(oursID, entryScene(1)), r.Entries.of(oursID, entryScene(10_000))
	rows = append(rows,
		ratioRow("warm `get` with 10,000 entries, wall, to one entry", many, one, wall, maxToOneEntry),
		ratioRow("warm `get` with 10,000 entries, CPU, to one entry", many, one, cpu, maxToOneEntry),
	)
	return append(rows,
		peerRow(r, "cold `get` without the API's latency, wall, to the peer", func(id string) float64 {
			own := func(s *summary) spread { return s.Wall.minus(latencyMS) }
			return ratio(r.Cold.of(oursID, overHTTP), r.Cold.of(id, overHTTP), own)
		}, maxColdToPeer),
		limitRow("cold `get`, CPU", figure{Value: cpu(r.Cold.of(oursID, overHTTP)).Median}, maxColdCPU, millis),
		peerRow(r, "100 parallel warm `get`s, total CPU, to the peer", func(id string) float64 {
			ours, peer := r.ParallelWarm.of(oursID, 100), r.ParallelWarm.of(id, 100)
			if ours == nil || peer == nil {
				return math.NaN()
			}
			return ours.CPU.over(peer.CPU)
		}, maxWarmToPeer),
		limitRow("stripped linux/amd64 binary", figure{Value: float64(r.Size.Total)}, maxBinary, megabytes),
		memoryRow(r.cost(oursID, staticKeys), r.cost(emptyID, staticKeys)),
		limitRow("`registry.Parse`, time", r.ParseNanos, maxParseNanos, nanoseconds),
		limitRow("`registry.Parse`, allocations", r.ParseAllocs, maxParseAllocs, count),
	)
}

// verdict compares a value with its limit. It returns unknown when the value is not a number.
func verdict(value, limit float64) string {
	switch {
	case math.IsNaN(value):
		return unknown
	case value <= limit:
		return holds
	}
	return missed
}

// ratio returns the ratio of a to base, or NaN when one of them was not measured.
func ratio(a, base *summary, pick func(*summary) spread) float64 {
	if a == nil || base == nil {
		return math.NaN()
	}
	return pick(a).over(pick(base))
}

// ratioRow returns a target that holds when a takes at most limit times what base takes.
func ratioRow(measure string, a, base *summary, pick func(*summary) spread, limit float64) row {
	x := ratio(a, base, pick)
	return row{Measure: measure, Measured: times(x), Target: "≤ " + times(limit), Verdict: verdict(x, limit)}
}

// peerRow returns a target about the ratio to the first peer, with the other peers beside it.
func peerRow(r *results, measure string, to func(id string) float64, limit float64) row {
	own := row{Measure: measure, Measured: unknown, Target: "≤ " + times(limit), Verdict: noPeer}
	if x := to(peerID); !math.IsNaN(x) {
		own.Measured, own.Verdict = times(x), verdict(x, limit)
	}
	for _, id := range r.others() {
		own.Beside = append(own.Beside, times(to(id)))
	}
	return own
}

// sourceRows returns targets about the source that is slowest against static keys.
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
		return row{Measure: measure, Measured: fmt.Sprintf("%s (%s)", times(x), at), Target: "≤ " + times(maxToStaticKeys), Verdict: verdict(x, maxToStaticKeys)}
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

// memoryRow compares the private memory of a hit with that of an empty Go program.
func memoryRow(ours, empty *cost) row {
	f := ours.Private
	if f.Missing == "" {
		f.Value -= empty.Private.Value
	}
	return limitRow("private memory of a hit, above an empty Go program", f, maxPrivateOverEmpty, megabytes)
}

// limitRow returns a target that holds when the figure is at most limit.
func limitRow(measure string, f figure, limit float64, format func(float64) string) row {
	target := "≤ " + format(limit)
	if limit == 0 {
		target = "none"
	}
	if f.Missing != "" {
		return row{Measure: measure, Measured: unknown, Target: target, Verdict: f.Missing}
	}
	return row{Measure: measure, Measured: format(f.Value), Target: target, Verdict: verdict(f.Value, limit)}
}
