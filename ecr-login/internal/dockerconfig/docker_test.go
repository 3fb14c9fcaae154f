package dockerconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
)

// dockersOwn is what Docker's own code makes of a file's text.
func dockersOwn(text []byte) (*configfile.ConfigFile, error) {
	file := &configfile.ConfigFile{AuthConfigs: map[string]types.AuthConfig{}}
	return file, file.LoadFromReader(bytes.NewReader(text))
}

// agree holds Parse to Docker's own code: the same files are refused, and the same entries are found.
func agree(t *testing.T, text []byte) {
	t.Helper()
	docker, refused := dockersOwn(text)
	c, err := Parse(text, Docker)
	if err == nil {
		err = c.Broken()
	}
	var field *json.UnmarshalTypeError
	switch {
	case refused == nil && err != nil:
		t.Fatalf("Docker takes it, we say %v:\n%s", err, text)
	case refused != nil && err == nil:
		// Docker decodes more keys than matter here.
		top := ""
		if errors.As(refused, &field) {
			top, _, _ = strings.Cut(field.Field, ".")
		}
		if top == "" || is(top, keyAuths) || is(top, keyHelpers) || is(top, keyStore) {
			t.Fatalf("we take it, Docker says %v:\n%s", refused, text)
		}
		return
	case refused != nil:
		return
	}
	if c.Store() != docker.CredentialsStore {
		t.Fatalf("credsStore %q, Docker's own %q:\n%s", c.Store(), docker.CredentialsStore, text)
	}
	helpers := map[string]string{}
	for _, h := range c.Helpers() {
		helpers[h.Host] = h.Name
	}
	if !maps.Equal(helpers, docker.CredentialHelpers) {
		t.Fatalf("credHelpers %q, Docker's own %q:\n%s", helpers, docker.CredentialHelpers, text)
	}
	auths := c.Auths()
	if len(auths) != len(docker.AuthConfigs) {
		t.Fatalf("%d auths, Docker's own %d:\n%s", len(auths), len(docker.AuthConfigs), text)
	}
	for _, a := range auths {
		theirs, ok := docker.AuthConfigs[a.Key]
		if !ok || theirs.Password != "" && !a.Password || theirs.IdentityToken+theirs.RegistryToken != "" && !a.Token {
			t.Fatalf("auths of %q: %+v, which is not Docker's own:\n%s", a.Key, a, text)
		}
	}
}

func TestDockerAgrees(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agree(t, text)
			if _, err := dockersOwn(text); (err != nil) != strings.HasPrefix(name, "broken-") {
				t.Errorf("the file's name says otherwise, but Docker says %v", err)
			}
		})
	}
}

func FuzzDocker(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 2000 {
			f.Add(text)
		}
	}
	f.Add([]byte(`{"credHelpers":{"a":null,"b":"c"},"CREDHELPERS":{"a":"d"},"credsſtore":"\ud800"}`))
	f.Add([]byte("{\"auths\":{\"\xff\":{\"auth\":\"QTo=\"},\"\ufffd\":null},\"auths\":{}}"))
	f.Fuzz(func(t *testing.T, text []byte) { agree(t, text) })
}
