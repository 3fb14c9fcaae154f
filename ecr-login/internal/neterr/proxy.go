package neterr

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// A ProxyError reports an environment variable whose value is not the URL of a proxy. Its text does
// not contain the value, which may hold a password.
type ProxyError struct{ Variable string }

func (e *ProxyError) Error() string {
	return fmt.Sprintf("the environment variable %s is not a proxy URL", e.Variable)
}

// Hint returns how to write the variable.
func (*ProxyError) Hint() string {
	return "write it as http://USER:PASSWORD@HOST:PORT, and encode @ as %40, # as %23, / as %2F, ? as %3F and % as %25 in the password"
}

// CheckProxy returns a *ProxyError if the variable that names the proxy for target is not a proxy
// URL. used reports whether Go's HTTP client would still take a proxy from the value. The caller
// must not connect to that proxy: its host may be a part of the password.
func CheckProxy(target *url.URL) (used bool, err error) {
	names := []string{"HTTP_PROXY", "http_proxy"}
	if target.Scheme == "https" {
		names = []string{"HTTPS_PROXY", "https_proxy"}
	}
	for _, name := range names {
		value := os.Getenv(name)
		if value == "" {
			continue
		}
		if isProxyURL(value) {
			return false, nil
		}
		proxy, proxyErr := http.ProxyFromEnvironment(&http.Request{URL: target})
		return proxyErr != nil || proxy != nil, &ProxyError{name}
	}
	return false, nil
}

// isProxyURL reports whether a value is the URL of a proxy, or its host and port. Go's HTTP client
// accepts more: of http://user:a@b#c@host:80 it takes b for the host.
func isProxyURL(value string) bool {
	u, err := url.Parse(value)
	if err != nil || u.Scheme == "" || u.Host == "" {
		if strings.Contains(value, "://") {
			return false
		}
		if u, err = url.Parse("http://" + value); err != nil {
			return false
		}
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return false
	}
	if strings.Contains(u.Hostname(), ":") && !strings.HasPrefix(u.Host, "[") {
		return false // not an IPv6 address: net/url takes the host http: from http://http::
	}
	port, err := strconv.ParseUint(cmp.Or(u.Port(), "1"), 10, 16)
	return err == nil && port > 0 && u.Hostname() != "" && !strings.ContainsRune(u.Path+u.RawQuery+u.Fragment, '@')
}
