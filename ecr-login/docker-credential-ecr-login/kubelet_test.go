package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

const kubeletV1 = "credentialprovider.kubelet.k8s.io/v1"

// kubeletRequestJSON is a request as the kubelet writes it, and kubeletResponseJSON is what it
// reads. A test of module e2e compares both with the kubelet's own types.
type (
	kubeletRequestJSON struct {
		Kind                      string            `json:"kind"`
		APIVersion                string            `json:"apiVersion"`
		Image                     string            `json:"image"`
		ServiceAccountToken       string            `json:"serviceAccountToken,omitempty"`
		ServiceAccountAnnotations map[string]string `json:"serviceAccountAnnotations,omitempty"`
	}
	kubeletResponseJSON struct {
		Kind          string          `json:"kind"`
		APIVersion    string          `json:"apiVersion"`
		CacheKeyType  string          `json:"cacheKeyType"`
		CacheDuration kubeletDuration `json:"cacheDuration"`
		Auth          map[string]struct {
			Username string `json:"username"`
			Password string `json:"password"`
		} `json:"auth"`
	}
	kubeletDuration struct{ time.Duration }
)

func (d *kubeletDuration) UnmarshalText(text []byte) (err error) {
	d.Duration, err = time.ParseDuration(string(text))
	return err
}

// requestText returns a request as the kubelet writes it.
func requestText(t testing.TB, apiVersion string, r kubeletRequestJSON) string {
	t.Helper()
	r.Kind, r.APIVersion = "CredentialProviderRequest", apiVersion
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

// readResponse decodes a response strictly, and fails the test when a field is missing or unknown.
func readResponse(t testing.TB, apiVersion string, a result) kubeletResponseJSON {
	t.Helper()
	if a.code != 0 || a.stderr != "" {
		t.Fatalf("kubelet: exit code %d\nstandard output: %s\nstandard error: %s", a.code, a.stdout, a.stderr)
	}
	r := kubeletResponseJSON{CacheDuration: kubeletDuration{-1}}
	d := json.NewDecoder(strings.NewReader(a.stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("cannot decode the response %s: %v", a.stdout, err)
	}
	if r.Kind != "CredentialProviderResponse" || r.APIVersion != apiVersion {
		t.Fatalf("the response is a %s of %s, want a CredentialProviderResponse of %s", r.Kind, r.APIVersion, apiVersion)
	}
	if r.CacheKeyType != "Registry" || r.CacheDuration.Duration < 0 {
		t.Fatalf("cacheKeyType %q, cacheDuration %s: want Registry and a duration", r.CacheKeyType, r.CacheDuration)
	}
	return r
}

// pull requests credentials for an image. It returns the password and the cache duration, and
// checks that the response has credentials for only this registry.
func (u *user) pull(r kubeletRequestJSON) (string, time.Duration) {
	u.t.Helper()
	got := readResponse(u.t, kubeletV1, u.run(requestText(u.t, kubeletV1, r), "kubelet"))
	registry, _, _ := strings.Cut(r.Image, "/")
	if auth := got.Auth[registry]; len(got.Auth) != 1 || auth.Username != "AWS" || auth.Password == "" {
		u.t.Fatalf("the response for %s has credentials for %d registries, want only %s with the user AWS", r.Image, len(got.Auth), registry)
	}
	return got.Auth[registry].Password, got.CacheDuration.Duration
}

func (u *user) pullImage(image string) string {
	u.t.Helper()
	password, _ := u.pull(kubeletRequestJSON{Image: image})
	return password
}

// TestKubeletGolden checks the exact bytes of requests and responses of every version.
func TestKubeletGolden(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	variable := regexp.MustCompile(`"cacheDuration":"(5h\d+m|6h\d+m)\d+s"|"password":"[\w+/=-]+"`)
	for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
		apiVersion := "credentialprovider.kubelet.k8s.io/" + version
		request := requestText(t, apiVersion, kubeletRequestJSON{Image: host + "/team/app"})
		if want := `{"kind":"CredentialProviderRequest","apiVersion":"` + apiVersion + `","image":"` + host + `/team/app"}` + "\n"; request != want {
			t.Fatalf("the kubelet writes\n%s, not\n%s", request, want)
		}
		a := u.run(request, "kubelet")
		auth := readResponse(t, apiVersion, a).Auth[host]
		if principal, ok := s.PrincipalOf(auth.Password); !ok || principal.ARN != ecrtest.FromEnvironment.Principal() {
			t.Errorf("%s: the token belongs to %q", version, principal.ARN)
		}
		got := variable.ReplaceAllStringFunc(a.stdout, func(field string) string {
			name, _, _ := strings.Cut(field, ":")
			return name + ":…"
		})
		want := `{"kind":"CredentialProviderResponse","apiVersion":"` + apiVersion + `","cacheKeyType":"Registry",` +
			`"cacheDuration":…,"auth":{"` + host + `":{"username":"AWS","password":…}}}` + "\n"
		if got != want {
			t.Errorf("the response is\n%s, want\n%s", got, want)
		}
	}
	wantCalls(t, s, getToken, 1)
}

func TestKubeletImages(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment).settings(`
[[registry]]
match = "*.images.example.com:5000"
host  = "` + host + `"
`)
	for _, image := range []string{
		host + "/app:v1",
		host + "/team/app@sha256:" + strings.Repeat("0", 64),
		host + ":443/app",
		strings.ToUpper(host) + "/app",
		"123456789012.dkr-ecr.us-east-1.on.aws/app",
		"eu.images.example.com:5000/app:v1",
	} {
		if _, ok := s.PrincipalOf(u.pullImage(image)); !ok {
			t.Errorf("%s: not an ECR token", image)
		}
	}
	if public := "public.ecr.aws/docker/library/busybox:latest"; u.pullImage(public) == u.pullImage(host+"/app") {
		t.Error("ECR Public got the token of a private registry")
	}
	// get and kubelet share the cache.
	if u.get(host).Secret != u.pullImage(host+"/app") {
		t.Error("get and kubelet have different tokens")
	}
}

// TestKubeletAnonymous checks that the response has no credentials where an anonymous pull is
// right.
func TestKubeletAnonymous(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	nobody := newUser(t, dir, s.Home(dir).Env("AWS_EC2_METADATA_DISABLED=true"))
	somebody := newSourceUser(t, s, ecrtest.FromEnvironment)
	public := "public.ecr.aws/docker/library/busybox"
	for _, test := range []struct {
		name, image string
		u           *user
	}{
		{"another registry", "quay.io/team/app:v1", somebody},
		{"Docker Hub, full name", "docker.io/library/nginx", somebody},
		{"Docker Hub, short name", "nginx:latest", somebody},
		{"another registry with port", "localhost:5000/app", somebody},
		{"no path: an image of Docker Hub", host, somebody},
		{"ECR host as a prefix", host + ".evil.example/app", somebody},
		{"ECR host as a suffix", "evil-" + host + "/app", somebody},
		{"host in the path", "evil.example/" + host + "/app", somebody},
		{"user info before the host", "evil@" + host + "/app", somebody},
		{"an alias without a rule", "images.example.com/app", somebody.settings("[[registry]]\nmatch = \"other.example.com\"\nhost = \"" + host + "\"\n")},
		{"a fallback helper is not used", "quay.io/team/app", somebody.settings("fallback = \"nothing-there\"\n")},
		{"no host", "/app", somebody},
		{"ECR Public without credentials", public, nobody},
		{"ECR Public disabled", public, somebody.settings("public = \"never\"\n")},
	} {
		for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
			apiVersion := "credentialprovider.kubelet.k8s.io/" + version
			request := requestText(t, apiVersion, kubeletRequestJSON{Image: test.image})
			r := readResponse(t, apiVersion, test.u.run(request, "kubelet"))
			if r.Auth != nil || r.CacheDuration.Duration != 0 {
				t.Errorf("%s: %d credentials cached for %s, want none, and no caching", test.name, len(r.Auth), r.CacheDuration)
			}
		}
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections, want none", n)
	}
}

func TestKubeletCacheDuration(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	ask := kubeletRequestJSON{Image: host + "/app"}
	between := func(name string, got, low, high time.Duration) {
		t.Helper()
		if got < low || got > high {
			t.Errorf("%s: cached for %s, want %s to %s", name, got, low, high)
		}
	}

	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	u.seed(s, host, 2*time.Hour)
	_, fresh := u.pull(ask)
	between("two hours old", fresh, 4*time.Hour-time.Minute, 4*time.Hour)

	old := u.seed(s, host, 7*time.Hour)
	s.SetFault(getToken, ecrtest.AccessDenied())
	password, aging := u.pull(ask)
	if password != old.Secret {
		t.Error("the aging token was not served while AWS denies access")
	}
	between("past its refresh point", aging, 0, 0)
	s.SetFault(getToken)

	// A role's session expires in 15 minutes: its token must not be cached longer.
	s.SetSessionLife(15 * time.Minute)
	_, session := newSourceUser(t, s, ecrtest.FromRole).pull(ask)
	between("session of 15 minutes", session, 10*time.Minute, 15*time.Minute)

	s.SetTokenLife(20 * time.Minute)
	_, short := newSourceUser(t, s, ecrtest.FromFile).pull(ask)
	between("token of 20 minutes", short, 8*time.Minute, 11*time.Minute)

	s.SetTokenLife(-time.Minute)
	_, dead := newSourceUser(t, s, ecrtest.FromSSO).pull(ask)
	between("token that is expired by AWS's clock", dead, 0, 0)
}

func TestKubeletColdNode(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEC2)
	answers := make([]result, 30)
	var all sync.WaitGroup
	for i := range answers {
		request := requestText(t, kubeletV1, kubeletRequestJSON{Image: fmt.Sprintf("%s/app-%d", host, i)})
		all.Go(func() { answers[i] = u.run(request, "kubelet") })
	}
	all.Wait()
	first := readResponse(t, kubeletV1, answers[0]).Auth[host]
	for _, a := range answers {
		if readResponse(t, kubeletV1, a).Auth[host] != first {
			t.Fatal("two parallel pulls got different tokens")
		}
	}
	wantCalls(t, s, getToken, 1)
}
