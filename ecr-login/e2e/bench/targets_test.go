package main

import (
	"strings"
	"testing"
	"time"
)

// example returns invented figures of this helper and a number of peers. All targets hold but the
// last, and none would hold against the second peer.
func example(peers int) *results {
	at := func(ms float64) spread { return spread{ms * 0.9, ms, ms * 1.2} }
	one := func(program, scene string, ms float64) summary {
		return summary{Program: program, Scene: scene, Runs: 200, Wall: at(ms), CPU: at(ms), Faults: spread{170, 175, 180}}
	}
	r := &results{
		Date:    time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		Machine: machine{CPU: "Example | CPU", Cores: 2, Virtual: true, Kernel: "Linux 6.18 amd64", Go: "go1.26.8", Load: "0.10"},
		Runs:    200, Bundle: "/etc/ssl/certs/ca-certificates.crt",
		Programs:   []listed{{emptyID, "empty Go program", "1.20 MB"}, {oursID, "this helper", "10 MB"}},
		CLIMissing: "the AWS command line is not installed",
		Costs: []cost{
			{emptyID, staticKeys, figure{Value: 200}, figure{Value: 0.5e6}},
			{oursID, staticKeys, figure{Missing: "not counted: strace is not installed"}, figure{Value: 0.79e6}},
		},
		Size:        size{10_000_000, []group{{"this project", 6_000_000}, {"Go: runtime", 4_000_000}}},
		ParseNanos:  figure{Value: 121},
		ParseAllocs: figure{Value: 2},
	}
	r.Warm = measurement{one(emptyID, staticKeys, 1.6), one(oursID, staticKeys, 2.5), one(oursID, withBundle, 2.5)}
	for _, from := range sources {
		r.Sources = append(r.Sources, one(oursID, from.name, 2.5))
	}
	for _, n := range entryCounts {
		r.Entries = append(r.Entries, one(oursID, entryScene(n), 2.5))
	}
	r.Cold = measurement{one(oursID, overHTTP, 108), one(oursID, overHTTPS, 112)}
	r.Cold[0].CPU = at(7)
	for _, n := range volleyCounts {
		r.ParallelWarm = append(r.ParallelWarm, volley{oursID, n, 10, at(3), at(3), spread{}})
		r.ParallelCold = append(r.ParallelCold, volley{oursID, n, 10, at(130), at(8), spread{1, 1, 1}})
	}
	for i := range peers {
		id, name, factor := peerID, "existing-credential-helper 0.12.0", 1.0
		if i > 0 {
			id, name, factor = "peer2", "existing-credential-helper 0.12.0 (static)", 0.5
		}
		r.Peers = append(r.Peers, id)
		r.Programs = append(r.Programs, listed{id, name, "13.8 MB"})
		r.Warm = append(r.Warm, one(id, staticKeys, 6.4*factor), one(id, withBundle, 10*factor))
		r.Cold = append(r.Cold, one(id, overHTTP, 100+9*factor), one(id, overHTTPS, 113))
		for _, n := range volleyCounts {
			r.ParallelWarm = append(r.ParallelWarm, volley{id, n, 10, at(8 * factor), at(8 * factor), spread{}})
		}
	}
	if peers == 0 {
		return r
	}
	for _, from := range sources {
		s := one(peerID, from.name, 12)
		s.Connections = 400
		r.Sources = append(r.Sources, s)
	}
	for _, n := range entryCounts {
		r.Entries = append(r.Entries, one(peerID, entryScene(n), 6.4+float64(n)/30))
	}
	for _, n := range volleyCounts {
		r.ParallelCold = append(r.ParallelCold, volley{peerID, n, 10, at(130), at(8), spread{1, float64(n), float64(n)}})
	}
	return r
}

// verdictOf returns the row whose measure begins with a text.
func verdictOf(t *testing.T, rows []row, measure string) row {
	t.Helper()
	for _, r := range rows {
		if strings.HasPrefix(r.Measure, measure) {
			return r
		}
	}
	t.Fatalf("no row %q", measure)
	return row{}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	for _, r := range targets(example(1)) {
		want := holds
		if r.Measure == "`registry.Parse`, allocations" {
			want = missed
		}
		if r.Verdict != want {
			t.Errorf("%+v, want %s", r, want)
		}
	}
	for i, r := range targets(example(2)) {
		if one := targets(example(1))[i]; r.Verdict != one.Verdict || r.Measured != one.Measured {
			t.Errorf("%+v: a second peer must not change a verdict", r)
		}
		if (r.Beside != nil) != strings.HasSuffix(r.Measure, "to the peer") {
			t.Errorf("%+v: a second peer must appear only beside the first", r)
		}
	}
	if got := verdictOf(t, targets(example(2)), "warm `get`, wall, to the peer"); got.Measured != "0.391 ×" || got.Beside[0] != "0.781 ×" {
		t.Errorf("%+v", got)
	}
	cold := verdictOf(t, targets(example(1)), "cold `get` without")
	if cold.Measured != "0.889 ×" { // 8 ms over 9
		t.Errorf("%+v: the latency must not hide the difference", cold)
	}
}

func TestTargetsWithoutPeer(t *testing.T) {
	t.Parallel()
	peers := 0
	for _, r := range targets(example(0)) {
		toPeer := strings.HasSuffix(r.Measure, "to the peer")
		if toPeer {
			peers++
		}
		if toPeer != (r.Verdict == noPeer) || toPeer != (r.Measured == unknown) {
			t.Errorf("%+v", r)
		}
	}
	if peers != 6 {
		t.Errorf("%d rows need the peer", peers)
	}
}

func TestTargetsMissed(t *testing.T) {
	t.Parallel()
	slower := spread{9.9, 9.99, 10}
	for _, c := range []struct {
		why, measure string
		spoil        func(r *results)
	}{
		{"a slow hit", "warm `get`, wall, to the peer", func(r *results) { r.Warm.of(oursID, staticKeys).Wall = slower }},
		{"a hit that computes", "warm `get`, CPU, to an empty", func(r *results) { r.Warm.of(oursID, staticKeys).CPU = slower }},
		{"a bundle read on a hit", "warm `get` with `AWS_CA_BUNDLE`, wall", func(r *results) { r.Warm.of(oursID, withBundle).Wall = slower }},
		{"one slow source", "warm `get` by role", func(r *results) { r.Sources.of(oursID, "process").Wall = slower }},
		{"one source that computes", "the same, CPU", func(r *results) { r.Sources.of(oursID, "EC2").CPU = slower }},
		{"one connection in all runs", "the same, connections", func(r *results) { r.Sources.of(oursID, "SSO").Connections = 1 }},
		{"a cache that gets slower with entries", "warm `get` with 10,000 entries, wall", func(r *results) { r.Entries.of(oursID, entryScene(10_000)).Wall = slower }},
		{"two milliseconds more than the peer, without the latency", "cold `get` without", func(r *results) { r.Cold.of(oursID, overHTTP).Wall.Median = 111 }},
		{"a cold get that computes", "cold `get`, CPU", func(r *results) { r.Cold.of(oursID, overHTTP).CPU.Median = 41 }},
		{"processes that slow each other down", "100 parallel", func(r *results) { r.ParallelWarm.of(oursID, 100).CPU = slower }},
		{"a large binary", "stripped", func(r *results) { r.Size.Total = 12_000_001 }},
		{"much memory", "private memory", func(r *results) { r.Costs[1].Private.Value = 0.81e6 }},
		{"a slow parser", "`registry.Parse`, time", func(r *results) { r.ParseNanos.Value = 301 }},
	} {
		r := example(1)
		if got := verdictOf(t, targets(r), c.measure); got.Verdict != holds {
			t.Fatalf("%s: %+v before", c.why, got)
		}
		c.spoil(r)
		if got := verdictOf(t, targets(r), c.measure); got.Verdict != missed {
			t.Errorf("%s: %+v, want it missed", c.why, got)
		}
	}
}

func TestTargetsNotMeasured(t *testing.T) {
	t.Parallel()
	r := example(1)
	r.Costs[0].Private = figure{Missing: "not counted: only Linux"}
	r.Costs[1].Private = figure{Missing: "not counted: only Linux"}
	if got := verdictOf(t, targets(r), "private memory"); got.Verdict != "not counted: only Linux" || got.Measured != unknown {
		t.Errorf("%+v, want the reason in place of a verdict", got)
	}
}
