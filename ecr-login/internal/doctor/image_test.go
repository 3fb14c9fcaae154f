package doctor

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// digest returns the digest of a name.
func digest(name string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(name))) }

// ECR redirects requests for layers to S3. ecrtest does not, so a small registry here does.
func TestLayersRedirect(t *testing.T) {
	t.Parallel()
	s3 := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" || r.Header.Get("Authorization") != "" {
			t.Errorf("unexpected request for %s with %q", r.URL, r.Header.Get("Authorization"))
		}
	}))
	defer s3.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("request without TLS") }))
	defer plain.Close()
	for _, test := range []struct {
		name, location string
		status         Status
		want, fix      string
	}{
		{"reachable", s3.URL + "/layer?signature=not-a-real-signature", OK, digest("1") + " can be downloaded: S3 answers at S3, verified with the test", ""},
		{"not reachable", "https://127.0.0.1:1/layer?signature=not-a-real-signature", Fail, "cannot reach 127.0.0.1:1: connection refused",
			"check the network; behind a proxy set HTTPS_PROXY; a VPC without internet access needs a gateway endpoint for S3"},
		{"by http", plain.URL + "/layer", Fail, "REGISTRY redirects to HTTP without https for " + digest("1"), checkProxy},
		{"to the local link", "https://169.254.169.254/latest", Fail,
			"REGISTRY redirects to 169.254.169.254 for " + digest("1") + ", an address of this machine or its local link", checkProxy},
		{"to the local link, written as IPv6", "https://[::ffff:169.254.169.254]/latest", Fail,
			"REGISTRY redirects to [::ffff:169.254.169.254] for " + digest("1") + ", an address of this machine or its local link", checkProxy},
		{"with the token", "https://not-a-real-token.example/", Fail, "REGISTRY redirects to no valid host for " + digest("1"), checkProxy},
		{"nowhere", "", Fail, "REGISTRY redirects to no valid host for " + digest("1"), checkProxy},
	} {
		t.Run(test.name, func(t *testing.T) {
			registry := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/v2/app/manifests/v1":
					fmt.Fprintf(w, `{"manifests": [{"digest": %q}, {"digest": %q}]}`, digest("first"), digest("other"))
				case "/v2/app/manifests/" + digest("first"):
					fmt.Fprintf(w, `{"config": {"digest": %q}, "layers": [{"digest": %q}, {"digest": %q}]}`, digest("0"), digest("1"), digest("2"))
				case "/v2/app/blobs/" + digest("1"):
					if r.Header.Get("Authorization") == "" {
						t.Error("layer requested without the token")
					}
					w.Header().Set("Location", test.location)
					w.WriteHeader(http.StatusTemporaryRedirect)
				default:
					http.NotFound(w, r)
				}
			}))
			defer registry.Close()
			host := strings.TrimPrefix(registry.URL, "https://")
			target := &target{
				d: &doctor{Options: Options{Now: time.Now}, ctx: t.Context()}, host: host, repository: "app", reference: "v1", authorization: "Basic not-a-real-token",
				trust: caSets{{name: "none"}, trustOf(registry, s3)[0]},
			}
			f := target.checkLayers()[0]
			fact := strings.NewReplacer(strings.TrimPrefix(s3.URL, "https://"), "S3", strings.TrimPrefix(plain.URL, "http://"), "HTTP", host, "REGISTRY").Replace(f.Fact)
			if f.Status != test.status || fact != test.want || f.Fix != test.fix {
				t.Errorf("%s: %s\nfix: %s\nwant %s: %s\nfix: %s", f.Status, fact, f.Fix, test.status, test.want, test.fix)
			}
		})
	}
}

// A manifest without layers is reported; one that refers to itself does not loop.
func TestManifestWithoutLayers(t *testing.T) {
	t.Parallel()
	for manifest, want := range map[string]string{
		`{}`:                                "has no layer with a digest",
		`not JSON`:                          "has no layer with a digest",
		`{"manifests": [{"digest": "v1"}]}`: "has no layer with a digest",
		`{"manifests": [{"digest": "v2"}]}`: "has no layer with a digest",
		`{"config": {"digest": "` + digest("9") + `"}}`:                       "does not return " + digest("9"),
		`{"config": {"digest": "` + digest("9")[:30] + `"}}`:                  "with a digest",
		`{"layers": [{"digest": "\u001b[31m` + digest("9") + `"}]}`:           "with a digest",
		`{"manifests": [{"digest": "../` + digest("9") + `"}]}`:               "with a digest",
		`{"config": {"digest": "sha256:` + strings.Repeat("0", 1<<20) + `"}}`: "with a digest",
	} {
		registry := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				fmt.Fprint(w, manifest)
				return
			}
			http.NotFound(w, r)
		}))
		target := &target{
			d: &doctor{Options: Options{Now: time.Now}, ctx: t.Context()}, host: strings.TrimPrefix(registry.URL, "https://"), repository: "app", reference: "v1",
			trust: trustOf(registry),
		}
		if f := target.checkLayers()[0]; f.Status == OK || !strings.Contains(f.Fact, want) {
			t.Errorf("%s: %+v, want %q", manifest, f, want)
		}
		registry.Close()
	}
}

func TestIsForbidden(t *testing.T) {
	t.Parallel()
	far, here := &target{host: "registry.example"}, &target{host: "127.0.0.1:5000"}
	for address, want := range map[string][2]bool{
		"127.0.0.1": {true, false}, "127.1.2.3": {true, false}, "::1": {true, false}, "::ffff:127.0.0.1": {true, false}, "0.0.0.0": {true, false}, "::": {true, false},
		"169.254.169.254": {true, true}, "169.254.170.2": {true, true}, "::ffff:169.254.169.254": {true, true}, "fe80::1": {true, true}, "fe80::1%eth0": {true, true},
		"fd00:ec2::254": {true, true}, "224.0.0.1": {true, true},
		"10.0.0.1": {}, "52.216.0.1": {}, "fd00::1": {}, "2600::1": {},
	} {
		at := netip.MustParseAddr(address)
		if got := [2]bool{far.isForbidden(at), here.isForbidden(at)}; got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
	for host, want := range map[string]bool{"localhost:5000": true, "[::1]:5000": true, "127.0.0.1.example": false, "10.0.0.1": false, "registry.example": false} {
		if got := (&target{host: host}).isLocal(); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
	t.Run("by name", func(t *testing.T) {
		s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("unexpected request") }))
		defer s.Close()
		far.d = &doctor{Options: Options{Now: time.Now}, ctx: t.Context()}
		f := far.probe(&probe{forbidden: far.isForbidden}, trustOf(s), strings.Replace(s.URL, "127.0.0.1", "localhost", 1))
		if f.Status != Fail || !strings.HasSuffix(f.Fact, " is an address of this machine or its local link") {
			t.Errorf("%+v", f)
		}
	})
}

func TestIsDigest(t *testing.T) {
	t.Parallel()
	hex := strings.Repeat("0123456789abcdef", 4)
	for s, want := range map[string]bool{
		"sha256:" + hex: true, "sha512:" + hex + hex: true, "md5:" + hex[:32]: true, "a+b.c_d-e:" + hex: true,
		"": false, ":": false, hex: false, ":" + hex: false, "sha256:": false, "sha256:" + hex[:31]: false, "sha512:" + hex + hex + "0": false,
		"SHA256:" + hex: false, "sha256:" + strings.ToUpper(hex): false, "sha256:" + hex + "/": false, "sha256:" + hex + "\n": false, "sha/256:" + hex: false,
		"sha256:sha256:" + hex: false, strings.Repeat("a", 65) + ":" + hex: false,
	} {
		if isDigest(s) != want {
			t.Errorf("%q: want %v", s, want)
		}
	}
}
