// Package nearest finds the word that a person probably meant to type.
package nearest

// maxTypos is how many letters may differ between a word and its suggestion. At most half of a word
// may.
const maxTypos = 2

// Word returns the known word that is most similar to word, or an empty string when none is.
func Word(word string, known []string) string {
	best, typos := "", min(maxTypos, len(word)/2)+1
	for _, k := range known {
		if d := distance(word, k); d < typos {
			best, typos = k, d
		}
	}
	return best
}

// distance counts the letters that have to be inserted, removed or replaced to get from a to b.
func distance(a, b string) int {
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
