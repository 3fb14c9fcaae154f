package registry

import (
	"errors"
	"strconv"
	"strings"
)

const (
	// maxServerURL has room for a scheme, any host of ECR, a port and the longest
	// name of a repository there (256 characters). More is not looked at, which
	// bounds the time that any input can take.
	maxServerURL = 352
	// maxSpace is how much white space is removed at either end.
	maxSpace = 16
)

// Host is the host that a server URL names, of ECR or not, in the one spelling
// under which stored logins are kept: lower case, without scheme, path, white
// space and trailing dot. A port is kept unless it says nothing: 443, and 80
// after http://. So all spellings that nerdctl tries for one registry, which
// include http://host:443, are one host, and Host(Host(x)) is Host(x).
//
// IP addresses are accepted, IPv6 ones in brackets and without a zone. The
// forms in which the same IPv6 address can be written are not told apart.
// The error says why the server URL is malformed.
func Host(serverURL string) (string, error) {
	a, problem := splitServerURL(serverURL)
	if problem == "" && !isIPv6Literal(a.host) && !isHostName(a.host) {
		problem = blame(a.host, "the host is neither a DNS name nor an IP address")
	}
	if problem != "" {
		return "", errors.New("malformed server URL: " + problem)
	}
	if a.port == "" || a.port == "443" || a.http && a.port == "80" {
		return a.host, nil
	}
	return a.host + ":" + a.port, nil
}

// address is what matters of a server URL.
type address struct {
	http bool   // the scheme is http
	host string // lower case, no trailing dot; never empty
	port string // 1 to 65535 or empty
}

// splitServerURL finds host and port. The problem is empty when there is none.
// It vouches for the port and for where the host begins and ends; whether the
// host itself is well formed is for the caller to see.
func splitServerURL(s string) (a address, problem string) {
	if len(s) > maxServerURL {
		return a, "the server URL is longer than " + strconv.Itoa(maxServerURL) + " bytes"
	}
	s = trimSpace(s)
	if problem := oddity(s); problem != "" {
		return a, problem
	}
	switch {
	case len(s) >= 8 && strings.EqualFold(s[:8], "https://"):
		s = s[8:]
	case len(s) >= 7 && strings.EqualFold(s[:7], "http://"):
		s, a.http = s[7:], true
	}
	authority, path := s, ""
	if slash := strings.IndexByte(s, '/'); slash >= 0 {
		authority, path = s[:slash], s[slash+1:]
	}
	if authority == "" {
		return a, "there is no host"
	}

	after := authority // what a port can be in: not the colons of an IPv6 address
	if authority[0] == '[' {
		after = authority[strings.IndexByte(authority, ']')+1:]
	}
	port, hasPort := "", false
	if colon := strings.IndexByte(after, ':'); colon >= 0 {
		port, hasPort = after[colon+1:], true
		authority = authority[:len(authority)-len(port)-1]
	}
	switch {
	case hasPort && port == "" && strings.HasPrefix(path, "/"):
		return a, "the scheme is neither http nor https"
	case hasPort && !isPort(port):
		return a, blame(s, "the port is not a number from 1 to 65535")
	}
	a.port = port
	host := authority
	if !strings.HasPrefix(host, "[") {
		host = strings.TrimSuffix(host, ".")
	}
	switch {
	case host == "":
		return a, "there is no host"
	case len(host) > maxHost:
		return a, "the host is longer than " + strconv.Itoa(maxHost) + " bytes"
	}
	a.host = lower(host)
	return a, ""
}

// blame says what is wrong before the path, in better words than the ones
// given if it can. Neither sign is part of any host or port that is accepted,
// so nobody looks for them before something was refused.
func blame(s, otherwise string) string {
	authority, _, _ := strings.Cut(s, "/")
	switch {
	case strings.Contains(authority, "@"):
		return "it has user info before the host"
	case strings.Contains(authority, "%"):
		return "the host has a percent escape"
	}
	return otherwise
}

// trimSpace removes the white space that files and shells put around a line.
// It knows no other: what unicode calls a space is not ASCII and is refused.
func trimSpace(s string) string {
	begin, end := 0, len(s)
	for begin < min(end, maxSpace) && isSpace(s[begin]) {
		begin++
	}
	for end > max(begin, len(s)-maxSpace) && isSpace(s[end-1]) {
		end--
	}
	return s[begin:end]
}

func isSpace(c byte) bool {
	const spaces = 1<<' ' | 1<<'\n' | 1<<'\r' | 1<<'\t'
	return c <= ' ' && spaces>>c&1 != 0
}

func isPort(s string) bool {
	if len(s) > 5 || !isDigits(s) || s[0] == '0' {
		return false
	}
	n, _ := strconv.Atoi(s)
	return n <= 65535
}
