package doctor

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// maxName is the longest name in an ARN; tokens are longer.
const maxName = 64

// oneLine keeps what others say on one line, and short.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(printable(s)), " ")
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "") + "..."
	}
	return s
}

// printable is a text without what moves a terminal's cursor or turns its letters round.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// secrets are what the registry may have been sent.
func (t *target) secrets() []string {
	_, value, _ := strings.Cut(t.authorization, " ")
	if t.login == nil {
		return []string{value}
	}
	_, sent, _ := strings.Cut(basic(*t.login), " ")
	return []string{value, sent, t.login.Password}
}

// proxySecrets are what the proxies may have been sent on the way to a host.
func proxySecrets(host string) []string {
	var all []string
	for _, scheme := range []string{"http", "https"} {
		proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: scheme, Host: host}})
		if err == nil && proxy != nil {
			all = append(all, redact.URLSecrets(proxy)...)
		}
	}
	return all
}

// isDigest reports whether s is the digest of a part of an image (opencontainers/image-spec, descriptor.md), as it has
// to be before it is shown or put into a path.
func isDigest(s string) bool {
	algorithm, sum, ok := strings.Cut(s, ":")
	return ok && algorithm != "" && len(algorithm) <= maxName && strings.Trim(algorithm, "abcdefghijklmnopqrstuvwxyz0123456789+._-") == "" &&
		len(sum) >= 32 && len(sum) <= 128 && strings.Trim(sum, "0123456789abcdef") == ""
}
