package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

const pageHead = `# Platforms

This page is written by ` + "`make platforms`" + `, which fails if a check or a test fails. It builds the
program and the tests of its packages for each system, and runs them on one Linux machine on amd64.
The package ecrtest plays AWS. The tests of amd64 itself are those of ` + "`make test`" + `.

A check is one use of the program: every command, cold and warm, and 20 at once. A test counts as
skipped when it found a need missing, such as a keyring, and as not applicable when this page names
it below.
`

// page returns the page.
func page(reports []*report) []byte {
	var b bytes.Buffer
	b.WriteString(pageHead)
	b.WriteString("\n")
	paragraph(&b, "", fmt.Sprintf("Run with Linux %s, %s, on %d cores.", kernel(), runtime.Version(), runtime.NumCPU()))
	b.WriteString("\n| System | Way | Checks passed, failed | Tests passed, failed, skipped, not applicable | Time | Date |\n|---|---|---|---|---|---|\n")
	for _, r := range reports {
		if r.Checks == nil {
			fmt.Fprintf(&b, "| %s | %s | not run | not run | | |\n", r.system.name, r.system.way.title)
			continue
		}
		passed, failed := r.counts()
		tests := "none"
		if t := r.tests(); len(r.Tests) > 0 {
			tests = fmt.Sprintf("%d, %d, %d, %d", t.Passed, t.failed(), t.Skipped, t.Excluded)
		}
		fmt.Fprintf(&b, "| %s | %s | %d, %d | %s | %s | %s |\n", r.system.name, r.system.way.title, passed, failed, tests,
			r.Took.Round(time.Second), r.Date.UTC().Format(time.DateOnly))
	}
	b.WriteString("\nThe time includes building, from warm caches of the Go command.\n\n## Figures\n\n")
	for _, r := range reports {
		for _, note := range r.Notes {
			paragraph(&b, "- ", r.system.name+": "+note)
		}
	}
	writeFailures(&b, reports)
	var done []*way
	for _, r := range reports {
		if w := r.system.way; !slices.Contains(done, w) {
			done = append(done, w)
			w.section(&b, reports)
		}
	}
	return b.Bytes()
}

// writeFailures writes what failed, if anything did.
func writeFailures(b *bytes.Buffer, reports []*report) {
	var failures []string
	for _, r := range reports {
		for _, c := range r.Checks {
			if c.Failed != "" {
				failures = append(failures, r.system.name+": "+c.Name+": "+c.Failed)
			}
		}
		for _, t := range r.Tests {
			for _, name := range t.Failed {
				failures = append(failures, r.system.name+": `"+t.Package+"` "+name)
			}
		}
	}
	if failures == nil {
		return
	}
	b.WriteString("\n## Failures\n\n")
	for _, f := range failures {
		paragraph(b, "- ", f)
	}
}

// section writes what was run in one way, and what it cannot show.
func (w *way) section(b *bytes.Buffer, reports []*report) {
	fmt.Fprintf(b, "\n## %s\n\n", w.title)
	paragraph(b, "", w.how)
	first := true
	for _, r := range reports {
		if r.system.way != w || r.Checks == nil {
			continue
		}
		if first {
			var names []string
			for _, c := range r.Checks {
				names = append(names, c.Name)
			}
			b.WriteString("\n")
			paragraph(b, "", "Checks: "+strings.Join(names, "; ")+".")
			first = false
		}
		if len(r.Tests) > 0 {
			var packages []string
			for _, t := range r.Tests {
				packages = append(packages, "`"+t.Package+"`")
			}
			b.WriteString("\n")
			paragraph(b, "", r.system.name+", tests of "+strings.Join(packages, ", ")+".")
		}
	}
	b.WriteString("\nThis cannot show:\n\n")
	for _, limit := range w.limits {
		paragraph(b, "- ", limit)
	}
	if len(w.excluded) == 0 {
		return
	}
	b.WriteString("\nTests that do not apply:\n\n")
	for _, e := range w.excluded {
		paragraph(b, "- ", "`"+e.pkg+"` "+e.test+": "+e.why)
	}
}

// pageWidth is the width of Markdown in this repository.
const pageWidth = 100

// paragraph writes words, wrapped, after a mark such as "- ".
func paragraph(b *bytes.Buffer, mark, text string) {
	column := len(mark)
	b.WriteString(mark)
	for i, word := range strings.Fields(text) {
		if i > 0 && column+1+len(word) > pageWidth {
			b.WriteString("\n" + strings.Repeat(" ", len(mark)))
			column = len(mark)
		} else if i > 0 {
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteString("\n")
}

// kernel returns the version of the running kernel.
func kernel() string {
	out, err := exec.Command("uname", "-r").Output()
	if err != nil {
		return "of an unknown version"
	}
	version, _, _ := strings.Cut(strings.TrimSpace(string(out)), "-")
	return version
}
