package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Charts are drawn for a phone held upright: 800 units wide with text of 30, which is 13 pixels on a screen of
// 360. They bring their own background, because the page around them may be light or dark and does not tell.
const (
	chartWidth = 800.0
	textSize   = 30.0
	margin     = 30.0

	paper = "#fcfbf7"
	ink   = "#1c1c1c"
	faint = "#6b6b6b"
	grid  = "#d9d6cc"
)

// Colours of the programs: apart in lightness too, for those who see no difference between red and green.
var colours = map[string]string{emptyID: "#8f8f8f", oursID: "#0a6b52", peerID: "#d98032"}

// colourOf is a program's colour; that of a further peer is paler.
func colourOf(id string) string {
	if colour, ok := colours[id]; ok {
		return colour
	}
	return "#ecc39b"
}

// canvas collects the elements of one chart.
type canvas struct {
	b      strings.Builder
	height float64
}

func (c *canvas) text(x, y float64, anchor, colour, weight, s string) {
	fmt.Fprintf(&c.b, `<text x="%.0f" y="%.0f" text-anchor="%s" fill="%s" font-weight="%s">%s</text>`+"\n",
		x, y, anchor, colour, weight, html.EscapeString(s))
}

// number is a text that stays legible on a line, by an edge in the colour of the paper.
func (c *canvas) number(x, y float64, s string) {
	fmt.Fprintf(&c.b, `<text x="%.0f" y="%.0f" text-anchor="middle" fill="%s" font-weight="bold" stroke="%s" stroke-width="8" paint-order="stroke">%s</text>`+"\n",
		x, y, ink, paper, html.EscapeString(s))
}

func (c *canvas) line(x1, y1, x2, y2 float64, colour string, width float64) {
	fmt.Fprintf(&c.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%.0f"/>`+"\n", x1, y1, x2, y2, colour, width)
}

func (c *canvas) rect(x, y, w, h float64, colour string) {
	fmt.Fprintf(&c.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, y, math.Max(w, 2), h, colour)
}

// heading writes a title and a line below it that says what is drawn; long ones go on several lines.
func (c *canvas) heading(title, subtitle string) {
	c.height = margin
	for _, s := range fold(title, 38) {
		c.height += textSize * 1.2
		c.text(margin, c.height, "start", ink, "bold", s)
	}
	for _, s := range fold(subtitle, 38) {
		c.height += textSize * 1.2
		c.text(margin, c.height, "start", faint, "normal", s)
	}
	c.height += textSize
}

// bytes closes the drawing.
func (c *canvas) bytes(title string) []byte {
	height := c.height + margin
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" role="img" font-family="system-ui, sans-serif" font-size="%.0f">
<title>%s</title>
<rect width="100%%" height="100%%" rx="16" fill="%s"/>
%s</svg>
`, chartWidth, height, textSize, html.EscapeString(title), paper, c.b.String())
}

// fold breaks a text at spaces into lines of at most width characters, where words allow.
func fold(s string, width int) []string {
	var lines []string
	for _, word := range strings.Fields(s) {
		if n := len(lines); n > 0 && len(lines[n-1])+1+len(word) <= width {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

// bar is one value with the spread that belongs to it.
type bar struct {
	label, colour string
	value         spread
	note          string // written after the value
}

// bars draws horizontal bars from zero, each below its label, with a line over the middle half of the runs.
func bars(title, subtitle string, list []bar, format func(float64) string) []byte {
	c := &canvas{}
	c.heading(title, subtitle)
	most := 0.0
	for _, b := range list {
		most = math.Max(most, math.Max(b.value.Median, b.value.Q3))
	}
	const thick, room = 34.0, 330.0 // room for the number behind the longest bar
	scale := (chartWidth - 2*margin - room) / math.Max(most, math.SmallestNonzeroFloat64)
	for _, b := range list {
		for _, s := range fold(b.label, 38) {
			c.height += textSize * 1.1
			c.text(margin, c.height, "start", ink, "normal", s)
		}
		c.height += 10
		c.rect(margin, c.height, b.value.Median*scale, thick, b.colour)
		middle := c.height + thick/2
		c.line(margin+b.value.Q1*scale, middle, margin+b.value.Q3*scale, middle, ink, 4)
		end := margin + math.Max(b.value.Median, b.value.Q3)*scale + 12
		c.text(end, middle+textSize*0.35, "start", ink, "bold", strings.TrimSpace(format(b.value.Median)+"  "+b.note))
		c.height += thick + 18
	}
	return c.bytes(title)
}

// series is a line through one value for each step.
type series struct {
	label, colour string
	values        []float64 // NaN: not measured
}

// lines draws series over steps that are evenly apart, with a logarithmic scale upwards: a factor looks the same
// everywhere. Each point carries its number, so that no axis has to be read.
func lines(title, subtitle string, steps []string, list []series, format func(float64) string) []byte {
	c := &canvas{}
	c.heading(title, subtitle)
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range list {
		for _, v := range s.values {
			if v > 0 {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
	}
	high = math.Max(high, 10*low) // or noise would fill the drawing
	const plot = 420.0
	top, bottom := c.height+2*textSize, c.height+2*textSize+plot
	x := func(i int) float64 {
		return margin + 90 + float64(i)*(chartWidth-2*margin-180)/math.Max(float64(len(steps)-1), 1)
	}
	y := func(v float64) float64 {
		return bottom - (math.Log(v)-math.Log(low))/(math.Log(high)-math.Log(low))*plot
	}
	for i, step := range steps {
		c.line(x(i), top-10, x(i), bottom+10, grid, 2)
		c.text(x(i), bottom+textSize*2.8, "middle", faint, "normal", step)
	}
	for _, s := range list {
		last := -1
		for i, v := range s.values {
			if !(v > 0) {
				continue
			}
			if last >= 0 {
				c.line(x(last), y(s.values[last]), x(i), y(v), s.colour, 6)
			}
			last = i
			fmt.Fprintf(&c.b, `<circle cx="%.1f" cy="%.1f" r="9" fill="%s"/>`+"\n", x(i), y(v), s.colour)
		}
	}
	for i := range steps { // over the lines, the upper number above its point, any other below
		upper := -1
		for k, s := range list {
			if s.values[i] > 0 && (upper < 0 || s.values[i] > list[upper].values[i]) {
				upper = k
			}
		}
		for k, s := range list {
			switch v := s.values[i]; {
			case k == upper:
				c.number(x(i), y(v)-textSize*0.7, format(v))
			case v > 0:
				c.number(x(i), y(v)+textSize*1.4, format(v))
			}
		}
	}
	c.height = bottom + textSize*3.4
	for _, s := range list {
		c.height += textSize * 1.3
		c.rect(margin, c.height-textSize*0.7, 40, 20, s.colour)
		c.text(margin+56, c.height, "start", ink, "normal", s.label)
	}
	return c.bytes(title)
}
