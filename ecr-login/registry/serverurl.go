package registry

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	// maxServerURL is enough for a scheme, any host of ECR, a port and the longest repository name
	// of ECR (256 characters). It limits the time that any input can take.
	maxServerURL = 352

	// maxSpace is how much white space is removed at either end.
	maxSpace = 16
)

// Host returns the host of a server URL, of ECR or not, in the one spelling under which stored
// logins are cached: lower case, without scheme, path, white space and trailing dot. The default
// ports are removed: 443, and 80 after http://. All spellings that nerdctl tries for one registry,
// including http://host:443, therefore give the same host, and Host(Host(x)) is Host(x).
//
// IP addresses are accepted, IPv6 addresses in brackets and without a zone. Different spellings of
// one IPv6 address stay different.
func Host(serverURL string) (string, error) {
	a, err := splitServerURL(serverURL)
	if err == nil {
		if err = a.validate(); err != nil {
			err = explain(a.host, err)
		}
	}
	if err != nil {
		return "", malformed(err)
	}
	return a.normalized(), nil
}

func malformed(err error) error { return fmt.Errorf("malformed server URL: %w", err) }

// address is the part of a server URL that names a server.
type address struct {
	http bool   // the scheme is http
	host string // lower case, without a trailing dot; never empty
	port string // 1 to 65535, or empty
}

// validate returns an error when the host is not well formed.
func (a address) validate() error {
	if !isIPv6Literal(a.host) && !isHostName(a.host) {
		return errors.New("the host is neither a DNS name nor an IP address")
	}
	return nil
}

// normalized returns the host, with its port if that is not the default.
func (a address) normalized() string {
	if a.port == "" || a.port == "443" || a.http && a.port == "80" {
		return a.host
	}
	return a.host + ":" + a.port
}

// splitServerURL returns the host and port of a server URL. It checks the port and where the host
// begins and ends, but not the host itself.
func splitServerURL(s string) (a address, err error) {
	if len(s) > maxServerURL {
		return a, errors.New("the server URL is longer than " + strconv.Itoa(maxServerURL) + " bytes")
	}
	s = trimSpace(s)
	if err := checkCharacters(s); err != nil {
		return a, err
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
		return a, errNoHost
	}

	end := authority // the part that can hold a port, without the colons of an IPv6 address
	if authority[0] == '[' {
		end = authority[strings.IndexByte(authority, ']')+1:]
	}
	port, hasPort := "", false
	if colon := strings.IndexByte(end, ':'); colon >= 0 {
		port, hasPort = end[colon+1:], true
		authority = authority[:len(authority)-len(port)-1]
	}
	switch {
	case hasPort && port == "" && strings.HasPrefix(path, "/"):
		return a, errors.New("the scheme is neither http nor https")
	case hasPort && !isPort(port):
		return a, explain(s, errors.New("the port is not a number from 1 to 65535"))
	}
	host := authority
	if !strings.HasPrefix(host, "[") {
		host = strings.TrimSuffix(host, ".")
	}
	switch {
	case host == "":
		return a, errNoHost
	case len(host) > maxHost:
		return a, errors.New("the host is longer than " + strconv.Itoa(maxHost) + " bytes")
	}
	a.host, a.port = strings.ToLower(host), port
	return a, nil
}

var errNoHost = errors.New("it has no host")

// checkCharacters returns an error for a character that no client sends in a server URL. Programs
// disagree about where the host ends in a URL with such a character.
func checkCharacters(s string) error {
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c > '~':
			return errors.New("it contains a character that is not visible ASCII")
		case c == '\\':
			return errors.New("it contains a backslash")
		case c == '?':
			return errors.New("it has a query")
		case c == '#':
			return errors.New("it has a fragment")
		}
	}
	return nil
}

// explain returns a more precise error than err when the part before the path contains user info or
// a percent escape. Neither is accepted in a host or a port.
func explain(s string, err error) error {
	authority, _, _ := strings.Cut(s, "/")
	switch {
	case strings.Contains(authority, "@"):
		return errors.New("it has user info before the host")
	case strings.Contains(authority, "%"):
		return errors.New("the host has a percent escape")
	}
	return err
}

// trimSpace removes the ASCII white space that files and shells put around a line.
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

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func isPort(s string) bool {
	if len(s) > 5 || !isDigits(s) || s[0] == '0' {
		return false
	}
	n, _ := strconv.Atoi(s)
	return n <= 65535
}
