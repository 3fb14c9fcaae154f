package doctor

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// ECR hands a layer out by sending to S3 for it, which ecrtest does not: here a registry of a few lines does.
func TestLayersFromElsewhere(t *testing.T) {
	t.Parallel()
	s3 := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" || r.Header.Get("Authorization") != "" {
			t.Errorf("asked for %s with %q", r.URL, r.Header.Get("Authorization"))
		}
	}))
	defer s3.Close()
	for _, test := range []struct {
		name, location string
		status         Status
		want, fix      string
	}{
		{"reachable", s3.URL + "/layer?signature=not-a-real-signature", OK, "sha256:1 may be downloaded: S3 answers at S3, its certificate trusted by the test", ""},
		{"not reachable", "https://127.0.0.1:1/layer?signature=not-a-real-signature", Fail, "cannot reach 127.0.0.1:1: connection refused",
			"check the network; behind a proxy set HTTPS_PROXY; in a VPC without a way out, ECR needs a gateway endpoint for S3"},
		{"nowhere", "", Fail, "REGISTRY sends to nowhere for sha256:1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			registry := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/v2/app/manifests/v1":
					fmt.Fprint(w, `{"manifests": [{"digest": "sha256:first"}, {"digest": "sha256:other"}]}`)
				case "/v2/app/manifests/sha256:first":
					fmt.Fprint(w, `{"config": {"digest": "sha256:0"}, "layers": [{"digest": "sha256:1"}, {"digest": "sha256:2"}]}`)
				case "/v2/app/blobs/sha256:1":
					if r.Header.Get("Authorization") == "" {
						t.Error("asked for a layer without the token")
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
				trust: trust{{name: "nobody"}, believe(registry, s3)[0]},
			}
			f := target.checkLayers()[0]
			fact := strings.NewReplacer(strings.TrimPrefix(s3.URL, "https://"), "S3", host, "REGISTRY").Replace(f.Fact)
			if f.Status != test.status || fact != test.want || f.Fix != test.fix {
				t.Errorf("%s: %s\nfix: %s\nwant %s: %s\nfix: %s", f.Status, fact, f.Fix, test.status, test.want, test.fix)
			}
		})
	}
}

// A manifest that names nothing is told, and leads nobody in a circle.
func TestLayersOfNothing(t *testing.T) {
	t.Parallel()
	for manifest, want := range map[string]string{
		`{}`:                                 "names no part of an image",
		`not JSON`:                           "names no part of an image",
		`{"manifests": [{"digest": "v1"}]}`:  "names no part of an image",
		`{"manifests": [{"digest": "v2"}]}`:  "names no part of an image",
		`{"config": {"digest": "sha256:9"}}`: "does not give sha256:9",
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
			trust: believe(registry),
		}
		if f := target.checkLayers()[0]; f.Status == OK || !strings.Contains(f.Fact, want) {
			t.Errorf("%s: %+v, want %q", manifest, f, want)
		}
		registry.Close()
	}
}
