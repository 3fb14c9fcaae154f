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

// become makes this process one with the user's environment and nothing else of AWS's or ours, for a client
// library that starts the helper by itself. Tests that use it cannot run side by side.
func (u *user) become(t *testing.T) {
	t.Helper()
	for _, v := range os.Environ() {
		key, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(key, "AWS_") || strings.HasPrefix(key, "ECR_LOGIN_") || strings.HasPrefix(key, "XDG_") || strings.HasSuffix(strings.ToUpper(key), "_PROXY") {
			t.Setenv(key, "") // so that the test's end puts it back
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

// A client that knows nothing but Docker's config.json pushes to an alias and pulls from it. The same client
// stands outside a registry that nobody wrote down.
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
		t.Fatalf("without credentials: %v, want 401: this registry would prove nothing", err)
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
		t.Errorf("asked AWS %+v, want once, in the region of the host behind the alias", calls)
	}

	foreign, err := name.NewTag("other.example.com/team/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(foreign, image, client...); !errors.As(err, &refused) || refused.StatusCode != http.StatusUnauthorized {
		t.Errorf("push to a host that is not listed: %v, want 401", err)
	}
	wantCalls(t, s, getToken, 1)
}

// An alias is the name that was written down and no other one; for those nobody is called.
func TestAliasesAreClosed(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment).settings(aliasSettings)
	l := u.get("images.example.com") // a token is at hand, which makes giving it away easy
	if same := u.get("HTTPS://Images.Example.COM:443/v2/"); same.Secret != l.Secret {
		t.Error("another spelling of the alias got another token")
	}
	if same := u.get("123456789012.dkr.ecr.eu-west-1.amazonaws.com"); same.Secret != l.Secret {
		t.Error("the host behind the alias got another token")
	}
	before := s.Connections()
	for _, test := range []struct{ host, why string }{
		{"other.example.com", "not listed"},
		{"example.com", "the domain above"},
		{"x.images.example.com", "a name below"},
		{"ximages.example.com", "longer in front"},
		{"images.example.com.evil.example", "longer behind"},
		{"images-example.com", "a hyphen for a dot"},
		{"imagesxexample.com", "a dot is a dot, no pattern"},
		{"images.example.com:8443", "another port is another server"},
		{"https://images.example.com@evil.example", "the alias as user name"},
		{"evil.example/images.example.com", "the alias as path"},
		{"evil.example#images.example.com", "the alias as fragment"},
		{"evil.example?images.example.com", "the alias as query"},
	} {
		if a, want := u.run(test.host, "get"), (answer{notFoundLine, "", 1}); a != want {
			t.Errorf("%s (%s): %+v, want not-found and silence", test.host, test.why, a)
		}
	}
	if n := s.Connections() - before; n != 0 {
		t.Errorf("%d connections, want none", n)
	}
	if hosts := u.list(); len(hosts) != 2 {
		t.Errorf("list: %v, want the alias and the host behind it", hosts)
	}
}
