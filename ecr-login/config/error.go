package config

import (
	"strconv"
	"strings"
)

// Error is an error in the settings.
type Error struct {
	Path    string // the settings file; empty for an environment variable
	Line    int    // the line in the file, from 1; 0 when no line is known
	Key     string // the key or environment variable, if known
	Nearest string // the known key that is most similar to an unknown one
	Message string // what is wrong
	Err     error  // the error of the operating system or the TOML decoder, or nil
}

// Error returns the place, what is wrong and the most similar known key.
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

// maxTypos is the number of wrong letters in a key that still gives a suggestion.
const maxTypos = 2

// nearest returns the known key that is most similar to key, or an empty string.
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

// editDistance returns the number of letters to insert, remove or replace to get b from a (Levenshtein
// distance).
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
