package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

const aliasSettings = `
[[registry]]
match = "images.example.com"
host  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
`

// become gives this process the user's environment, without other AWS and ECR_LOGIN variables, for
// a client library that starts the helper itself. Tests that use it cannot run in parallel.
func (u *user) become(t *testing.T) {
	t.Helper()
	for _, v := range os.Environ() {
		key, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(key, "AWS_") || strings.HasPrefix(key, "ECR_LOGIN_") || strings.HasPrefix(key, "XDG_") || strings.HasSuffix(strings.ToUpper(key), "_PROXY") {
			t.Setenv(key, "") // restores the value after the test
			os.Unsetenv(key)
		}
	}
	for _, v := range u.env {
		key, value, _ := strings.Cut(v, "=")
		t.Setenv(key, value)
	}
	config := t.TempDir()
	if err := os.WriteFile(filepath.Join(config, "config.json"), []byte(`{ "credsStore": "ecr-login" }`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCKER_CONFIG", config)
	t.Setenv("PATH", filepath.Dir(helper)+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// A client that only has Docker's config.json can push to an alias and pull from it. The registry
// refuses the same client under a name that is not configured.
func TestAliasOpensTheRegistry(t *testing.T) {
	s := ecrtest.New(t)
	newSourceUser(t, s, ecrtest.FromFile).settings(aliasSettings).become(t)
	client := []remote.Option{remote.WithTransport(s.Transport()), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	image, err := random.Image(1024, 2)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("images.example.com/team/app:1")
	if err != nil {
		t.Fatal(err)
	}

	var refused *transport.Error
	if _, err := remote.Get(tag, remote.WithTransport(s.Transport())); !errors.As(err, &refused) || refused.StatusCode != http.StatusUnauthorized {
		t.Fatalf("without credentials: %v, want 401, or this test shows nothing", err)
	}
	if err := remote.Write(tag, image, client...); err != nil {
		t.Fatalf("push: %v", err)
	}
	pulled, err := remote.Image(tag, client...)
	if err != nil {
		t.Fatalf("pull: %v", err)
	}
	want, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pulled.Digest(); err != nil || got != want {
		t.Errorf("pulled %s (%v), pushed %s", got, err, want)
	}
	if calls := s.Requests(getToken); len(calls) != 1 || calls[0].Region != "eu-west-1" {
		t.Errorf("requests to AWS: %+v, want one, in the region of the host behind the alias", calls)
	}

	other, err := name.NewTag("other.example.com/team/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(other, image, client...); !errors.As(err, &refused) || refused.StatusCode != http.StatusUnauthorized {
		t.Errorf("push to a host that is not listed: %v, want 401", err)
	}
	wantCalls(t, s, getToken, 1)
}

// Only the configured name is an alias. For any other name no request is made.
func TestSimilarNamesAreNoAliases(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment).settings(aliasSettings)
	l := u.get("images.example.com") // a token is in the cache
	if same := u.get("HTTPS://Images.Example.COM:443/v2/"); same.Secret != l.Secret {
		t.Error("another spelling of the alias has another token")
	}
	if same := u.get("123456789012.dkr.ecr.eu-west-1.amazonaws.com"); same.Secret != l.Secret {
		t.Error("the host behind the alias has another token")
	}
	before := s.Connections()
	for _, test := range []struct{ host, why string }{
		{"other.example.com", "not configured"},
		{"example.com", "the parent domain"},
		{"x.images.example.com", "a subdomain"},
		{"ximages.example.com", "a longer first label"},
		{"images.example.com.evil.example", "the alias as a subdomain"},
		{"images-example.com", "a hyphen instead of a dot"},
		{"imagesxexample.com", "a dot is not a pattern"},
		{"images.example.com:8443", "another port is another server"},
		{"https://images.example.com@evil.example", "the alias as a user name"},
		{"evil.example/images.example.com", "the alias in the path"},
		{"evil.example#images.example.com", "the alias in the fragment"},
		{"evil.example?images.example.com", "the alias in the query"},
	} {
		if a, want := u.run(test.host, "get"), (result{notFoundLine, "", 1}); a != want {
			t.Errorf("%s (%s): %+v, want not found and no other output", test.host, test.why, a)
		}
	}
	if n := s.Connections() - before; n != 0 {
		t.Errorf("%d connections, want none", n)
	}
	if hosts := u.list(); len(hosts) != 2 {
		t.Errorf("list: %v, want the alias and the host behind it", hosts)
	}
}
