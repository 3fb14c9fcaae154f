package registry

import "strings"

// oddity says what a server URL has that no client sends anywhere in one; it is
// empty when there is nothing. Programs disagree about where a host ends that
// has one of these characters in it or behind it.
func oddity(s string) string {
	switch {
	case !isVisible(s):
		return "it has a character that is not visible ASCII"
	case strings.IndexByte(s, '\\') >= 0:
		return "it has a backslash"
	case strings.IndexByte(s, '?') >= 0:
		return "it has a query"
	case strings.IndexByte(s, '#') >= 0:
		return "it has a fragment"
	}
	return ""
}

// A path can be most of the input, so the two loops below look at eight
// characters at a time: adding c to each of them sets the top bits of those
// that are 0x80-c or more. No sum carries into the next character but from one
// that is not ASCII.
const (
	each uint64 = 0x0101010101010101
	tops uint64 = 0x8080808080808080
)

// eight loads the first eight characters of s.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// isVisible reports whether s is visible ASCII, ! to ~.
func isVisible(s string) bool {
	var odd uint64
	for ; len(s) >= 8; s = s[8:] {
		x := eight(s)
		odd |= x | (x + (0x80-0x7f)*each) | ^(x + (0x80-'!')*each)
	}
	if odd&tops != 0 {
		return false
	}
	for i := range len(s) {
		if s[i] < '!' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hasUpper reports whether s, which is ASCII, has an upper-case letter.
func hasUpper(s string) bool {
	var upper uint64
	for ; len(s) >= 8; s = s[8:] {
		x := eight(s)
		upper |= (x + (0x80-'A')*each) &^ (x + (0x80-'Z'-1)*each)
	}
	if upper&tops != 0 {
		return true
	}
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return true
		}
	}
	return false
}

// lower is strings.ToLower for a host, which is ASCII. It copies at most once.
func lower(host string) string {
	if !hasUpper(host) {
		return host
	}
	var b [maxHost]byte
	n := copy(b[:], host)
	for i, c := range b[:n] {
		if c-'A' <= 'Z'-'A' {
			b[i] = c | 0x20
		}
	}
	return string(b[:n])
}
