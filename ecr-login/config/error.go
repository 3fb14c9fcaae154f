package config

import (
	"strconv"
	"strings"
)

// Error is a setting that cannot be used.
type Error struct {
	Path    string // the settings file; empty when the environment is at fault
	Line    int    // in the file, from 1; 0 when it is not one line's fault
	Key     string // the key or environment variable, when one is at fault
	Nearest string // the known key that an unknown one looks like
	Message string // what is wrong
	Err     error  // what the operating system or the TOML decoder said, or nil
}

// Error names the place, what is wrong there and the nearest known key.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Path != "" {
		b.WriteString(e.Path)
		if e.Line > 0 {
			b.WriteString(":" + strconv.Itoa(e.Line))
		}
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Nearest != "" {
		b.WriteString(", did you mean " + strconv.Quote(e.Nearest) + "?")
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// maxTypos is how many letters may be wrong in a key that is still recognised.
const maxTypos = 2

// nearest is the known key that looks most like key, empty when none does.
func nearest(key string, known []string) string {
	key = strings.ReplaceAll(strings.ToLower(key), "-", "_")
	best, typos := "", min(maxTypos, len(key)/2)+1
	for _, k := range known {
		if d := editDistance(key, k); d < typos {
			best, typos = k, d
		}
	}
	return best
}

// editDistance counts the letters to insert, remove or replace that make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d++
			}
			diagonal = row[j+1]
			row[j+1] = min(d, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
