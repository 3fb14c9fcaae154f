package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	for peers := range 3 {
		peer := peers > 0
		text := string(document(example(peers)))
		for _, want := range []string{
			"Measured on 23 November 2026, Go 1.26.8.",
			`Example | CPU, 2 cores, virtual; Linux 6.18 amd64; load 0.10`,
			"| `registry.Parse`, allocations | 2 | ≤ 1 | **missed** |",
			"System calls: not counted: strace is not installed.",
			"Not compared: the AWS command line is not installed.",
			"| this project | 6.00 MB | 60 % |",
			"| everything else | 0.00 MB | 0 % |",
			"](benchmarks-warm.svg)", "](benchmarks-entries.svg)", "](benchmarks-parallel.svg)",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%d peers: no %q", peers, want)
			}
		}
		if strings.Contains(text, "The peer is existing-credential-helper 0.12.0. ") != peer || strings.Contains(text, "make bench PEER=") == peer {
			t.Errorf("%d peers: the document says otherwise", peers)
		}
		if strings.Contains(text, "existing-credential-helper") != peer || strings.Contains(text, noPeer) == peer {
			t.Errorf("%d peers: the peer's columns are wrong", peers)
		}
		if strings.Contains(text, "| to existing-credential-helper 0.12.0 (static) |") != (peers == 2) {
			t.Errorf("%d peers: the second one's column is wrong", peers)
		}
		for _, sign := range []string{"%!", "NaN", "Inf"} {
			if strings.Contains(text, sign) {
				t.Errorf("%d peers: %q in the document", peers, sign)
			}
		}
		checkTables(t, text)
	}
}

// checkTables holds that all rows of a table have as many cells as its header.
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

// The charts must be whole XML, and every text lie within the drawing and over no other: nobody looks at a chart
// before it is published.
func TestCharts(t *testing.T) {
	t.Parallel()
	r := example(2)
	r.Entries.of(peerID, entryScene(10_000)).Wall.Median = 12_345 // the widest number
	r.Warm.of(peerID, withBundle).Wall = spread{100, 123, 150}
	for _, all := range [][]file{charts(r), charts(example(0))} {
		for _, f := range all {
			checkDrawing(t, f)
		}
	}
}

func checkDrawing(t *testing.T, f file) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(f.data))
	var height float64
	var x, y float64
	anchor, inText := "", false
	type box struct {
		text                     string
		left, right, top, bottom float64
	}
	var boxes []box
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if box := attribute(e, "viewBox"); box != "" {
				height, _ = strconv.ParseFloat(strings.Fields(box)[3], 64)
			}
			if inText = e.Name.Local == "text"; inText {
				x, _ = strconv.ParseFloat(attribute(e, "x"), 64)
				y, _ = strconv.ParseFloat(attribute(e, "y"), 64)
				anchor = attribute(e, "text-anchor")
			}
			for _, a := range e.Attr {
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Errorf("%s: %s=%q", f.name, a.Name.Local, a.Value)
				}
			}
		case xml.EndElement:
			inText = false
		case xml.CharData:
			if !inText {
				continue
			}
			width := float64(len([]rune(string(e)))) * textSize * 0.62 // a wide font
			left := x
			if anchor == "middle" {
				left = x - width/2
			}
			if left < 0 || left+width > chartWidth || y < textSize || y > height {
				t.Errorf("%s: %q at %.0f,%.0f is outside of %.0f × %.0f", f.name, e, left, y, chartWidth, height)
			}
			boxes = append(boxes, box{string(e), left, left + width, y - textSize*0.75, y + textSize*0.2})
		}
	}
	if len(boxes) < 5 {
		t.Errorf("%s: only %d texts", f.name, len(boxes))
	}
	for i, a := range boxes {
		for _, b := range boxes[:i] {
			if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
				t.Errorf("%s: %q lies over %q", f.name, a.text, b.text)
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func TestLinesWithGaps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		values []float64
		points int
	}{
		{"all the same", []float64{1, 1, 1}, 3},
		{"one not measured", []float64{1, math.NaN(), 3}, 2},
		{"none measured", []float64{math.NaN(), math.NaN(), math.NaN()}, 0},
		{"zero has no place on a logarithmic scale", []float64{0, 1, 2}, 2},
	} {
		svg := lines("Title & <more>", "sub", []string{"1", "2", "3"}, []series{{"a", colours[oursID], c.values}}, count)
		if got := bytes.Count(svg, []byte("<circle")); got != c.points {
			t.Errorf("%s: %d points, want %d", c.why, got, c.points)
		}
		checkDrawing(t, file{c.why, svg})
		if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
			t.Errorf("%s: %s", c.why, svg)
		}
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	got := strings.Join(fold("one two three-and-a-long-word four", 9), "|")
	if got != "one two|three-and-a-long-word|four" {
		t.Errorf("got %q", got)
	}
	if fold("", 9) != nil {
		t.Error("a line of nothing")
	}
}
