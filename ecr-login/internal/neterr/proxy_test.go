package neterr

import "testing"

func TestIsProxyURL(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"http://proxy.example:3128":         true,
		"https://proxy.example":             true,
		"socks5://[::1]:1080":               true,
		"socks5h://u:p@proxy.example:1080/": true,
		"proxy.example:3128":                true,
		"proxy.example":                     true,
		"u:p@proxy.example:3128":            true,
		"http://u:p%40ss@proxy.example:1":   true,
		"http://u:p@ss@proxy.example:3128":  true, // Go splits at the last @ of the host
		"http://u:p#ss@proxy.example:3128":  false,
		"http://u:1#ss@proxy.example:3128":  false,
		"http://u:p/ss@proxy.example:3128":  false,
		"http://u:1/ss@proxy.example:3128":  false,
		"http://u:p?ss@proxy.example:3128":  false,
		"http://u:1?ss@proxy.example:3128":  false,
		"http://u:a@b#9@proxy.example:3128": false,
		"http://u:p%zz@proxy.example:3128":  false,
		"u:a#b@proxy.example:3128":          false,
		"u:a/b@proxy.example:3128":          false,
		"http://":                           false,
		"http://:3128":                      false,
		"http://proxy.example:99999":        false,
		"http://proxy.example:port":         false,
		"http://proxy.example:":             true, // the port of the scheme
		"http://http::":                     false,
		"http::":                            false,
		"http://::1:3128":                   false,
		"http://a:b:3128":                   false,
		"ftp://proxy.example":               false,
		"://":                               false,
	} {
		if got := isProxyURL(value); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}
