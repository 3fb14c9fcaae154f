package registry_test

import (
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

func TestHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ serverURL, want string }{
		// The six spellings that nerdctl tries for one registry.
		{ok + ":443", ok},
		{"https://" + ok + ":443", ok},
		{"http://" + ok + ":443", ok},
		{ok, ok},
		{"https://" + ok, ok},
		{"http://" + ok, ok},

		{"https://index.docker.io/v1/", "index.docker.io"},
		{"docker.io", "docker.io"},
		{"A.example", "a.example"}, // one capital letter in each possible place
		{"exampleA", "examplea"},
		{"Zexample.example", "zexample.example"},
		{"example.Z", "example.z"},
		{"GHCR.io/Owner/App", "ghcr.io"},
		{" registry.example.\n", "registry.example"},
		{"HTTPS://Registry.Example.:8443/", "registry.example:8443"},
		{"http://registry.example:80", "registry.example"},
		{"registry.example:80", "registry.example:80"}, // without a scheme, the port of https is the default
		{"https://registry.example:80", "registry.example:80"},
		{"localhost:5000", "localhost:5000"},
		{"localhost", "localhost"},
		{"http:5000", "http:5000"}, // a host can have this name
		{"my_registry:5000", "my_registry:5000"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"1password.example", "1password.example"},
		{"127.0.0.1:5000", "127.0.0.1:5000"},
		{"https://255.255.255.255", "255.255.255.255"},
		{"[::1]:5000", "[::1]:5000"},
		{"https://[::1]:443/v2/", "[::1]"},
		{"http://[::1]:80", "[::1]"},
		{"[::]", "[::]"},
		{"[2001:DB8::1]", "[2001:db8::1]"},
		{"[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]"},
		{"[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7::]"},
		{"[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"},
		{"[1:2:3:4:5:6:192.0.2.1]", "[1:2:3:4:5:6:192.0.2.1]"},
		{strings.Repeat(strings.Repeat("a", 63)+".", 3) + strings.Repeat("a", 61), strings.Repeat(strings.Repeat("a", 63)+".", 3) + strings.Repeat("a", 61)},
	} {
		got, err := registry.Host(c.serverURL)
		if err != nil || got != c.want {
			t.Errorf("Host(%q) = %q, %v; want %q", c.serverURL, got, err, c.want)
		}
	}
}

func TestHostMalformed(t *testing.T) {
	t.Parallel()
	const name, port = "neither a DNS name nor an IP address", "the port is not a number from 1 to 65535"
	for _, c := range []struct {
		because string
		inputs  []string
	}{
		{"it has no host", []string{"", " ", "/", ".", "//example", "https://", "https:///x", "https:////x", ":443"}},
		{name, []string{
			"a..b", "a..", ".a", "-a", "a-", "a.-b", "a.b-.c", "a*b", "*", "a,b", "a|b", "a$", `a"b`, "a=b", "[", "]", "[]", "a[b]", "[a]b",
			strings.Repeat("a", 64), "a." + strings.Repeat("b", 64),
		}},
		// Some programs read a name that ends in a number as an address.
		{name, []string{"1", "127.1", "127.0.0", "127.0.0.256", "127.0.0.01", "127.0.0.1.2", "1.2.3.4.5", "example.1", "0127.0.0.1", "300.1.1.1", "127.0.0.1.."}},
		{name, []string{
			"[1]", "[:]", "[:::]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7::8]", "[::1::]", "[12345::]", "[g::]", "[1:]", "[:1]", "[::1].", "[::1]x",
			"[1.2.3.4]", "[::1.2.3]", "[::1.2.3.4:1]", "[1.2.3.4::]", "[1:2:3:4:5:6:7:1.2.3.4]", "[127.0.0.1]", "[[::1]]", "[example]", "[v1.x]",
		}},
		{port, []string{"a:", "a:0", "a:65536", "a:x", "a:080", "a:-1", "a:1:2", "::1", "::", "1:2:3:4:5:6:7:8", "[::1]:", "[::1]:x", "[::1", "[::1:443", "a: "}},
		{"user info", []string{"a@b", "user:pass@b", "https://u@b:1/", "@b"}},
		{"percent escape", []string{"a%2eb", "%61", "[fe80::1%25eth0]", "[fe80::1%eth0]"}},
		{"backslash", []string{`a\b`, `https:\\a`, `a/\`}},
		{"query", []string{"a?b", "a/?"}},
		{"fragment", []string{"a#b", "a/#"}},
		{"not visible ASCII", []string{"a b", "a\x00", "a\nb", "a\x7f", "bücher.example", "a/\x01", "a/\u00a0", "\x80aaaaaaaa", "aaaaaaa\x7faaaaaaaa", "aaaaaaa\x1faaaaaaaa"}},
		{"the scheme is neither", []string{"ftp://a", "unix:///var/run/x", "https://https://a"}},
		{"longer than", []string{strings.Repeat("a.", 128), "a/" + strings.Repeat("a", 400), strings.Repeat("a", 1<<16)}},
	} {
		for _, serverURL := range c.inputs {
			got, err := registry.Host(serverURL)
			if err == nil || got != "" || !strings.Contains(err.Error(), c.because) {
				t.Errorf("Host(%q) = %q, %v; want an error that contains %q", serverURL, got, err, c.because)
			}
		}
	}
}
