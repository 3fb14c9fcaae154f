package main

import (
	"math"
	"strings"
	"testing"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	for peers := range 3 {
		peer := peers > 0
		text := string(document(example(peers)))
		for _, want := range []string{
			"Measured on 23 November 2026 with Go 1.26.8.",
			`Example | CPU, 2 cores, virtual; Linux 6.18 amd64; load 0.10`,
			"| `registry.Parse`, allocations | 2 | ≤ 1 | **missed** |",
			"System calls: not counted: strace is not installed.",
			"Not compared: the AWS command line is not installed.",
			"| this project | 6.00 MB | 60 % |",
			"| everything else | 0.00 MB | 0 % |",
			"title \"A cached answer\"", "title \"Cold gets started at once\"",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%d peers: no %q", peers, want)
			}
		}
		if strings.Contains(text, "The peer is existing-credential-helper 0.12.0. ") != peer || strings.Contains(text, "make bench PEER=") == peer {
			t.Errorf("%d peers: the document does not name the peer", peers)
		}
		if strings.Contains(text, "existing-credential-helper") != peer || strings.Contains(text, noPeer) == peer {
			t.Errorf("%d peers: wrong columns for the peer", peers)
		}
		if strings.Contains(text, "| to existing-credential-helper 0.12.0 (static) |") != (peers == 2) {
			t.Errorf("%d peers: wrong column for the second peer", peers)
		}
		for _, sign := range []string{"%!", "NaN", "Inf"} {
			if strings.Contains(text, sign) {
				t.Errorf("%d peers: %q in the document", peers, sign)
			}
		}
		checkTables(t, text)
	}
}

// checkTables fails the test when a row has more or fewer cells than its header.
func checkTables(t *testing.T, text string) {
	t.Helper()
	cells := 0
	for line := range strings.Lines(text) {
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if !strings.HasPrefix(line, "|") {
			cells = 0
			continue
		}
		if cells != 0 && n != cells {
			t.Errorf("a row of %d cells in a table of %d: %s", n-1, cells-1, line)
		}
		cells = n
	}
}

func TestTableEscapes(t *testing.T) {
	t.Parallel()
	if got, want := table([]string{"a|b"}, [][]string{{"c"}}), "| a\\|b |\n|---|\n| c |\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCharts(t *testing.T) {
	t.Parallel()
	for peers := range 3 {
		r := example(peers)
		r.Entries = r.Entries[1:] // not measured: drawn as zero
		for _, text := range []string{warmChart(r), entriesChart(r), callsChart(r)} {
			if !strings.HasPrefix(text, "```mermaid\nxychart-beta\n    title \"") || !strings.HasSuffix(text, "]\n```\n") || strings.Contains(text, "NaN") {
				t.Errorf("%d peers: not a chart:\n%s", peers, text)
			}
		}
		if n, want := strings.Count(entriesChart(r), "    line ["), min(peers, 1)+1; n != want {
			t.Errorf("%d peers: %d lines, want %d", peers, n, want)
		}
	}
}

func TestChartText(t *testing.T) {
	t.Parallel()
	got := chart("a \"b\"", []string{"1", "2"}, "ms", series{"bar", []float64{1, math.NaN()}})
	want := "```mermaid\nxychart-beta\n    title \"a 'b'\"\n    x-axis [\"1\", \"2\"]\n    y-axis \"ms\"\n    bar [1.00, 0.00]\n```\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
