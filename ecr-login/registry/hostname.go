package registry

import (
	"strconv"
	"strings"
)

const (
	maxHost  = 253 // bytes of a DNS name, RFC 1035
	maxLabel = 63  // bytes of one label
)

// isHostName reports whether s is a DNS name or an IPv4 address. A name that ends in a number must
// be an IPv4 address, as in the URL standard: some programs read 127.1 as an address of this
// machine.
func isHostName(s string) bool {
	if len(s) > maxHost {
		return false
	}
	for rest, more := s, true; more; {
		var label string
		label, rest, more = strings.Cut(rest, ".")
		if !isLabel(label) {
			return false
		}
		if !more && isDigits(label) {
			return isIPv4(s)
		}
	}
	return true
}

// isLabel reports whether s can be one label of a host name. The underscore is not allowed in the
// host names of DNS, but Docker Compose and others use it.
func isLabel(s string) bool {
	if s == "" || len(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

func isIPv4(s string) bool {
	for n := 1; ; n++ {
		octet, rest, more := strings.Cut(s, ".")
		if len(octet) > 3 || !isDigits(octet) || len(octet) > 1 && octet[0] == '0' {
			return false
		}
		if v, _ := strconv.Atoi(octet); v > 255 {
			return false
		}
		if !more {
			return n == 4
		}
		s = rest
	}
}

// isIPv6Literal reports whether s is an IPv6 address in brackets. Package net/netip is not used
// because its initialisation would slow down every answer from the cache.
func isIPv6Literal(s string) bool {
	s, open := strings.CutPrefix(s, "[")
	s, closed := strings.CutSuffix(s, "]")
	if !open || !closed {
		return false
	}
	head, tail, gap := strings.Cut(s, "::")
	if !gap {
		return countGroups(s, true) == 8
	}
	before, after := countGroups(head, false), countGroups(tail, true)
	// The gap stands for at least one group.
	return before >= 0 && after >= 0 && before+after <= 7
}

// countGroups returns the number of 16-bit groups in a part of an IPv6 address, or -1 when it is
// malformed. At the end of the address an IPv4 address counts as two groups.
func countGroups(s string, end bool) (n int) {
	for more := s != ""; more; n++ {
		var group string
		group, s, more = strings.Cut(s, ":")
		switch {
		case end && !more && isIPv4(group):
			n++
		case len(group) > 4 || !isHex(group):
			return -1
		}
	}
	return n
}

// isHex reports whether s consists of one or more hexadecimal digits.
func isHex(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
		default:
			return false
		}
	}
	return s != ""
}
