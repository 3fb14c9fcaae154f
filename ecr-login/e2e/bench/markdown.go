package main

import (
	"bytes"
	"fmt"
	"strings"
)

// document returns the text of docs/benchmarks.md.
func document(r *results) []byte {
	var d bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&d, format+"\n", args...) }
	p("# Benchmarks\n")
	p("<!-- Written by `make bench`; do not edit. -->\n")
	p("The cost of one run of the helper, beside other programs. Measured on %s with Go %s.\n",
		r.Date.UTC().Format("2 January 2006"), strings.TrimPrefix(r.Machine.Go, "go"))
	p("%s\n", machineText(r.Machine))
	p("%s", table([]string{"Program", "What it is"}, programRows(r)))

	p("## Targets\n")
	if len(r.Peers) > 0 {
		p("The peer is %s. %s\n", r.nameOf(peerID), standard)
	} else {
		p("`make bench PEER=/path/to/another/helper` fills the rows that need a peer.\n")
	}
	p("%s", table(targetHeader(r), targetRows(r)))

	p("## A cached answer\n")
	p("%s", warmChart(r))
	p("Medians, in brackets the middle half of %d runs. `AWS_CA_BUNDLE` names `%s`.\n", r.Runs, r.Bundle)
	p("%s", table([]string{"Program", "Wall", "to empty", "CPU", "to empty", "Page faults", "System calls", "Private memory"}, warmRows(r)))
	for _, reason := range missingReasons(r) {
		p("%s\n", reason)
	}

	p("### By source of credentials\n")
	p("A hit calls no service, so the source does not matter. Connections are those of all runs together.\n")
	p("%s", table(sourceHeader(r), sourceTable(r)))

	p("### By entries in the cache\n")
	p("%s\n%s\n", entriesChart(r), r.caption())
	p("%s", table(append([]string{"Entries"}, helperHeader(r, "wall", "CPU")...), entriesTable(r)))
	if r.EntriesNoted != "" {
		p("The peer is left out: %s.\n", r.EntriesNoted)
	}

	p("### Many at once\n")
	p("%s", table(append([]string{"Processes"}, helperHeader(r, "wall of all", "CPU of all")...), parallelTable(r, r.ParallelWarm, false)))

	p("## Calling AWS\n")
	p("A cold `get` with static keys against an API that takes %d ms to answer. The wall time is without this latency.\n", latency.Milliseconds())
	p("%s", table([]string{"Program", "API", "Wall", "CPU", "Page faults"}, coldTable(r)))
	p("### Many at once\n")
	p("%s\n%s\n", callsChart(r), r.caption())
	p("%s", table(append([]string{"Processes"}, helperHeader(r, "calls to AWS", "wall of all", "CPU of all")...), parallelTable(r, r.ParallelCold, true)))
	p("### The AWS command line\n")
	if r.CLIMissing != "" {
		p("Not compared: %s.\n", r.CLIMissing)
	} else {
		p("A cold `get` beside `aws ecr get-login-password`, which has no cache. The API answers without latency.\n")
		p("%s", table([]string{"Program", "Wall", "CPU"}, cliTable(r)))
	}

	p("## Size of the binary\n")
	p("The stripped linux/amd64 binary has %s.\n", megabytes(float64(r.Size.Total)))
	p("%s", table([]string{"Part", "Size", "Share"}, sizeTable(r.Size)))

	p("%s", fmt.Sprintf(method, r.Runs, warmUps, latency.Milliseconds()))
	return d.Bytes()
}

// standard says which build of the existing helper the targets are about.
const standard = "The targets were set against version 0.12.0 of the existing helper, built by a plain `go install` on a\n" +
	"machine with a C compiler, so with cgo. A further column is another build, which no target is about."

const method = `## Method

The benchmark starts whole processes, as a container client does: the server URL on standard input, the answer into a
pipe. Wall time runs from before the process is created until its end. CPU time is the user and system time of the
process, as the kernel counts it. The runs of a measurement are interleaved: each of its %d rounds runs every program
once, in a new random order, after %d rounds that do not count. Measurements that take long have fewer rounds. The
benchmark checks every answer, and stops when one is not a token of the right principal.

The API, the token services and the metadata services are the fake of package ecrtest on loopback, in the benchmark's own
process. On a cold get the fake answers after %d ms. Every program has a home of its own for each source of credentials.
All programs are copied once before, because a file fresh from the linker starts more slowly than an installed one.
Further entries in the cache are written by the helper's own cache package and are like the real one; in the existing
helper's file the real entry is repeated under other keys.

Private memory is RssAnon of the process, read at its end: the memory that belongs to this process alone. Pages of the
program's file are shared by all processes that run it and are not counted. System calls are those of strace -f -c, which
slows a process down and so changes the number of waits by a few. Two builds of one program are named by cgo: with cgo,
loading and starting the system's C library is part of the measurement.

Not measured: a real network and the real AWS, a cold page cache, other operating systems, and the time that a container
client needs itself. On a busy machine the medians rise and the ratios blur; the load at the start is above.
`

func machineText(m machine) string {
	cpu := m.CPU
	if cpu == "" {
		cpu = "processor unknown"
	}
	text := fmt.Sprintf("Machine: %s, %d cores", cpu, m.Cores)
	if m.Virtual {
		text += ", virtual"
	}
	text += "; " + m.Kernel
	if m.Load != "" {
		text += "; load " + m.Load + " at the start"
	}
	return text + "."
}

// table returns rows as a Markdown table. It escapes a bar in a cell.
func table(header []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) {
		for _, c := range cells {
			b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
	}
	line(header)
	b.WriteString(strings.Repeat("|---", len(header)) + "|\n")
	for _, r := range rows {
		line(r)
	}
	return b.String()
}
