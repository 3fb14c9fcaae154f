package main

import (
	"bytes"
	"fmt"
	"strings"
)

// document is docs/benchmarks.md.
func document(r *results) []byte {
	var d bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&d, format+"\n", args...) }
	p("# Benchmarks\n")
	p("<!-- Written by `make bench`; do not edit. -->\n")
	p("What one run of the helper costs, always beside something to compare it with. Measured on %s, Go %s.\n",
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
	p("![Wall time of a cached answer](%s)\n", warmChart)
	p("Medians, in brackets the middle half of %d runs. `AWS_CA_BUNDLE` names `%s`.\n", r.Runs, r.Bundle)
	p("%s", table([]string{"Program", "Wall", "to empty", "CPU", "to empty", "Page faults", "System calls", "Peak memory", "of it private"}, warmRows(r)))
	for _, reason := range missingReasons(r) {
		p("%s\n", reason)
	}

	p("### By source of credentials\n")
	p("A hit asks nobody, so the source does not matter. Connections are those of all runs together.\n")
	p("%s", table(sourceHeader(r), sourceTable(r)))

	p("### By entries in the cache\n")
	p("![Wall time by entries in the cache](%s)\n", entriesChart)
	p("%s", table(append([]string{"Entries"}, helperHeader(r, "wall", "CPU")...), entriesTable(r)))
	if r.EntriesNoted != "" {
		p("The peer is left out: %s.\n", r.EntriesNoted)
	}

	p("### Many at once\n")
	p("%s", table(append([]string{"Processes"}, helperHeader(r, "wall of all", "CPU of all")...), parallelTable(r, r.ParallelWarm, false)))

	p("## Asking AWS\n")
	p("A cold `get` with static keys against an API that takes %d ms to answer; the wall time is without these.\n", latency.Milliseconds())
	p("%s", table([]string{"Program", "API", "Wall", "CPU", "Page faults"}, coldTable(r)))
	p("### Many at once\n")
	p("![Calls to AWS by processes started at once](%s)\n", parallelChart)
	p("%s", table(append([]string{"Processes"}, helperHeader(r, "calls to AWS", "wall of all", "CPU of all")...), parallelTable(r, r.ParallelCold, true)))
	p("### The AWS command line\n")
	if r.CLIMissing != "" {
		p("Not compared: %s.\n", r.CLIMissing)
	} else {
		p("A cold `get` beside `aws ecr get-login-password`, which keeps nothing and asks each time; an API without latency.\n")
		p("%s", table([]string{"Program", "Wall", "CPU"}, cliTable(r)))
	}

	p("## What takes the space\n")
	p("The stripped linux/amd64 binary has %s.\n", megabytes(float64(r.Size.Total)))
	p("%s", table([]string{"Part", "Size", "Share"}, sizeTable(r.Size)))

	p("%s", fmt.Sprintf(method, r.Runs, warmUps, latency.Milliseconds()))
	return d.Bytes()
}

// standard says which build of the existing helper the targets are about.
const standard = "The targets were set by what version 0.12.0 of the existing helper took as a plain `go install` builds it where there\n" +
	"is a C compiler: with cgo, four times what an empty Go program takes. A further column is another build, which no target is about."

const method = `## How this is measured

Whole processes, as a container client starts them: the server URL on standard input, the answer into a pipe. The
clock runs from before the process is made until its end has been waited for. CPU time is user and system time of
the process as the kernel accounts it. The runs of a measurement are interleaved: each of its %d rounds runs every
program once, in an order drawn anew, after %d rounds that do not count; what takes long has fewer. Every answer
is checked to be a token of the right principal; a wrong one would end the measuring.

The API, the token services and the metadata services are the fake of package ecrtest on loopback, in the measuring
process; on a cold get it answers after %d ms. Every program has a home of its own for every source of credentials. All
programs are copied once before, because a file fresh from the linker starts more slowly than the same file after
an installation. More entries in the cache are written by the helper's own cache package, next to the real one and like it; in
the existing helper's file the real entry is repeated under other keys. Peak memory is VmHWM of the process, read at
its end: what wait4 tells would include the memory of the process that started it. Most of it are pages of the
program's file, shared by all processes that run it, of which the kernel maps 64 KiB around each address that is
touched; private is what is left without these. System calls are those of strace -f -c, which slows a process down and
so changes the number of waits by a few. Two builds of one program are told apart by cgo: with it, loading and starting
the system's C library is part of what is measured.

Left out: a real network and the real AWS, a cold page cache, other operating systems, the time a container client
needs itself. On a machine with other work the medians rise and the ratios blur; the load at the start is above.
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

// table renders rows as Markdown. A bar in a cell is escaped.
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
