package registry_test

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// canonical is an independent description of all accepted hosts.
var canonical = regexp.MustCompile(`^(` +
	`public\.ecr\.aws|ecr-public\.aws\.com|` +
	`\d{12}\.(` +
	`dkr\.ecr(-fips)?\.(us-gov|[a-z]{2})-[a-z]+-[1-9]\d?\.amazonaws\.com|` +
	`dkr-ecr(-fips)?\.(us-gov|[a-z]{2})-[a-z]+-[1-9]\d?\.on\.aws|` +
	`dkr\.ecr\.cn-[a-z]+-[1-9]\d?\.amazonaws\.com\.cn|` +
	`dkr[.-]ecr\.cn-[a-z]+-[1-9]\d?\.on\.amazonwebservices\.com\.cn|` +
	`dkr\.ecr\.us-iso-[a-z]+-[1-9]\d?\.c2s\.ic\.gov|` +
	`dkr\.ecr\.us-isob-[a-z]+-[1-9]\d?\.sc2s\.sgov\.gov|` +
	`dkr\.ecr\.eu-isoe-[a-z]+-[1-9]\d?\.cloud\.adc-e\.uk|` +
	`dkr\.ecr\.us-isof-[a-z]+-[1-9]\d?\.csp\.hci\.ic\.gov|` +
	`dkr\.ecr\.eusc-[a-z]{2}-[a-z]+-[1-9]\d?\.amazonaws\.eu` +
	`))$`)

func seed(f *testing.F) {
	for _, h := range hosts {
		f.Add(h.host)
		f.Add("https://" + strings.ToUpper(h.host) + ".:443/app ")
	}
	for _, c := range refused {
		for _, serverURL := range c.inputs {
			if len(serverURL) < 1000 {
				f.Add(serverURL)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	seed(f)
	more := registry.Parser{Suffixes: []registry.Suffix{{Suffix: "amazonaws.example", Partition: "aws-new"}, {Suffix: "amazonaws.com", Partition: "replaced"}}}
	f.Add(id + ".dkr.ecr.us-east-1.amazonaws.example")
	f.Fuzz(func(t *testing.T, serverURL string) {
		r, err := registry.Parse(serverURL)
		if err != nil {
			if !errors.Is(err, registry.ErrNotECR) || r != (registry.Registry{}) {
				t.Fatalf("Parse(%q) = %+v, %v", serverURL, r, err)
			}
			if got, err := more.Parse(serverURL); err == nil {
				if got.Partition != "aws-new" {
					t.Fatalf("with a suffix, %+v for %q", got, serverURL)
				}
				if again, err := more.Parse(more.Host(got)); err != nil || again != got {
					t.Fatalf("%+v is formatted as %q, which is %+v, %v", got, more.Host(got), again, err)
				}
			}
			return
		}

		// Formatting and parsing again gives the same registry.
		if again, err := registry.Parse(r.Host()); err != nil || again != r {
			t.Fatalf("%+v is formatted as %q, which is %+v, %v", r, r.Host(), again, err)
		}
		if got, err := more.Parse(serverURL); err != nil || got != r {
			t.Fatalf("with a suffix, %+v, %v for %q", got, err, serverURL)
		}
		// The host that a client connects to is one of AWS.
		host, err := registry.Host(serverURL)
		if err != nil {
			t.Fatalf("Parse accepts %q, Host does not: %v", serverURL, err)
		}
		host, port, _ := strings.Cut(host, ":")
		if !canonical.MatchString(host) || !canonical.MatchString(r.Host()) {
			t.Fatalf("Parse(%q) = %+v, canonical %q, but the host is %q", serverURL, r, r.Host(), host)
		}
		if !strings.Contains(host, r.Account) || r.Service == registry.Private && !strings.Contains(host, "."+r.Region+".") {
			t.Fatalf("account or region of %+v are not in %q", r, host)
		}
		// Similar host names are rejected.
		for _, imitation := range []string{
			host + ".evil.example", host + "evil.example", host + "-evil.example", "evil-" + host, "evil." + host,
			host + "@evil.example", "evil.example/" + host, "evil.example:443/" + host, "//" + host, host + ":" + port + ":443",
			host + `\.evil.example`, host + "%2eevil.example", host + "\n.evil.example", host + "?.evil.example", host + "#.evil.example",
		} {
			if got, err := registry.Parse(imitation); err == nil {
				t.Fatalf("Parse(%q) = %+v", imitation, got)
			}
		}
	})
}

func FuzzHost(f *testing.F) {
	seed(f)
	for _, s := range []string{"[::1]:5000", "http://[1:2:3:4:5:6:192.0.2.1]:80/", "127.0.0.1:5000", "http://a:443", "a_b:80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, serverURL string) {
		host, err := registry.Host(serverURL)
		if err != nil {
			if host != "" {
				t.Fatalf("Host(%q) = %q, %v", serverURL, host, err)
			}
			if _, err := registry.Parse(serverURL); err == nil {
				t.Fatalf("Parse accepts %q, Host does not", serverURL)
			}
			return
		}
		if again, err := registry.Host(host); err != nil || again != host {
			t.Fatalf("Host(%q) = %q, but of that it is %q, %v", serverURL, host, again, err)
		}
		for _, c := range []byte(host) {
			if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-_:[]", rune(c)) {
				t.Fatalf("Host(%q) = %q, which has %q", serverURL, host, c)
			}
		}
		// Another spelling gives the same host, and the host is a part of the server URL.
		if got, err := registry.Host("  HTTPS://" + strings.ToUpper(host) + "/\n"); err != nil || got != host {
			t.Fatalf("another spelling of %q gives %q, %v", host, got, err)
		}
		if !strings.Contains(strings.ToLower(serverURL), host) && !strings.Contains(strings.ToLower(serverURL), strings.Replace(host, ":", ".:", 1)) {
			t.Fatalf("Host(%q) = %q, which is not in it", serverURL, host)
		}
		if literal, ok := strings.CutPrefix(host, "["); ok {
			literal, _, _ = strings.Cut(literal, "]")
			if a, err := netip.ParseAddr(literal); err != nil || !a.Is6() {
				t.Fatalf("Host(%q) = %q: %v", serverURL, host, err)
			}
		}
	})
}

// Host accepts exactly the IPv6 addresses that net/netip accepts.
func FuzzIPv6(f *testing.F) {
	for _, s := range []string{"::", "::1", "1:2:3:4:5:6:7:8", "1::8", "::ffff:192.0.2.1", "1:2:3:4:5:6:7::", "1::192.0.2.256", ":::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := netip.ParseAddr(s)
		want := err == nil && a.Is6() && a.Zone() == ""
		if _, err := registry.Host("[" + s + "]"); (err == nil) != want && !strings.ContainsAny(s, "]/") {
			t.Fatalf("Host of [%s]: %v; netip: %v, %v", s, err, a, want)
		}
	})
}
