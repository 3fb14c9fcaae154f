package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// table prints rows in columns as wide as they need to be. The words in colours are shown in theirs, which widths
// must not count.
func (o output) table(rows [][]string, colours map[string]colour) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			shown := cell
			if c, ok := colours[cell]; ok {
				shown = o.colour(c, cell)
			}
			line.WriteString(shown)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		fmt.Fprintln(o.stdout, line.String())
	}
}
