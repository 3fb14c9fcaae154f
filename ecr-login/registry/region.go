package registry

import (
	"errors"
	"strconv"
	"strings"
)

// maxRegion is twice the length of the longest region name so far.
const maxRegion = 32

// InRegion returns a private registry in the region, without an account. The error says that no
// partition has a region of that form. It does not check whether the region exists.
func (p Parser) InRegion(region string) (Registry, error) {
	r := Registry{Region: region, Service: Private}
	if home := partitionOf(region); home != nil {
		r.Partition = home.name
		return r, nil
	}
	if isRegion(region) {
		for _, s := range p.Suffixes {
			if s.Validate() == nil {
				r.Partition = s.Partition
				return r, nil
			}
		}
	}
	return Registry{}, errors.New("no partition of AWS has a region of the form " + strconv.Quote(region))
}

// isRegion reports whether s can be the name of a region in an additional partition.
func isRegion(s string) bool {
	if len(s) > maxRegion {
		return false
	}
	for words := 0; ; words++ {
		word, rest, more := strings.Cut(s, "-")
		if !more {
			return words >= 2 && words <= 4 && isRegionNumber(word)
		}
		if !isLetters(word) {
			return false
		}
		s = rest
	}
}

// isRegionNumber reports whether s is the number at the end of a region's name: 1 to 99.
func isRegionNumber(s string) bool {
	return (len(s) == 1 || len(s) == 2) && s[0] != '0' && isDigits(s)
}

// isLetters reports whether s consists of one or more lower-case letters.
func isLetters(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) {
			return false
		}
	}
	return s != ""
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }

// isDigits reports whether s consists of one or more decimal digits.
func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
