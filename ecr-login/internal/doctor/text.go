package doctor

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// secrets returns what the registry may have been sent.
func (t *target) secrets() []string {
	_, value, _ := strings.Cut(t.authorization, " ")
	if t.login == nil {
		return []string{value}
	}
	_, sent, _ := strings.Cut(basicAuth(*t.login), " ")
	return []string{value, sent, t.login.Password}
}

// proxySecrets returns what the proxies for a host may have been sent.
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

// isDigest reports whether s is a digest (opencontainers/image-spec, descriptor.md). A server's
// text must be one before it is printed or becomes part of a path.
func isDigest(s string) bool {
	algorithm, sum, ok := strings.Cut(s, ":")
	return ok && algorithm != "" && len(algorithm) <= 64 && strings.Trim(algorithm, "abcdefghijklmnopqrstuvwxyz0123456789+._-") == "" &&
		len(sum) >= 32 && len(sum) <= 128 && strings.Trim(sum, "0123456789abcdef") == ""
}
