package conformance

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
)

// corpus returns the files that the edits of package dockerconfig are tested with, by name. Docker
// refuses those whose names begin with "broken-".
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "ecr-login/internal/dockerconfig/testdata/configs/*.json"))
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files found in the corpus: %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = text
	}
	return all
}

// loadWithDocker returns the configuration that Docker's own code reads from a file's text.
func loadWithDocker(text []byte) (*configfile.ConfigFile, error) {
	file := &configfile.ConfigFile{AuthConfigs: map[string]types.AuthConfig{}}
	return file, file.LoadFromReader(bytes.NewReader(text))
}

// compare fails the test when Parse and Docker's own code disagree: on whether the file is valid,
// or on its entries.
func compare(t *testing.T, text []byte) {
	t.Helper()
	docker, refused := loadWithDocker(text)
	c, err := dockerconfig.Parse(text, dockerconfig.Docker)
	if err == nil {
		err = c.Broken()
	}
	switch {
	case refused == nil && err != nil:
		t.Fatalf("Docker accepts it, Parse returns %v:\n%s", err, text)
	case refused != nil && err == nil:
		if len(c.WrongTypes()) == 0 {
			t.Fatalf("Parse accepts it, Docker returns %v:\n%s", refused, text)
		}
		return
	case refused != nil:
		return
	}
	if wrong := c.WrongTypes(); len(wrong) > 0 {
		t.Fatalf("Docker accepts it, WrongTypes returns %v:\n%s", wrong, text)
	}
	if c.Store() != docker.CredentialsStore {
		t.Fatalf("credsStore %q, Docker reads %q:\n%s", c.Store(), docker.CredentialsStore, text)
	}
	helpers := map[string]string{}
	for _, h := range c.Helpers() {
		helpers[h.Host] = h.Name
	}
	if !maps.Equal(helpers, docker.CredentialHelpers) {
		t.Fatalf("credHelpers %q, Docker reads %q:\n%s", helpers, docker.CredentialHelpers, text)
	}
	auths := c.Auths()
	if len(auths) != len(docker.AuthConfigs) {
		t.Fatalf("%d auths, Docker reads %d:\n%s", len(auths), len(docker.AuthConfigs), text)
	}
	for _, a := range auths {
		theirs, ok := docker.AuthConfigs[a.Key]
		if !ok || theirs.Password != "" && !a.Password || theirs.IdentityToken+theirs.RegistryToken != "" && !a.Token {
			t.Fatalf("auths of %q: Parse reads %+v, Docker something else:\n%s", a.Key, a, text)
		}
	}
}

func TestParseAgreesWithDocker(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, text)
			if _, err := loadWithDocker(text); (err != nil) != strings.HasPrefix(name, "broken-") {
				t.Errorf("Docker returns %v, which the file's name contradicts", err)
			}
		})
	}
}

// TestDockerReadsConfiguredFile checks with Docker's own code that configure adds its entry and
// changes no other.
func TestDockerReadsConfiguredFile(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		if strings.HasPrefix(name, "broken-") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			path := filepath.Join(home, "config.json")
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(helper, "configure", host)
			cmd.Env = []string{"HOME=" + home, "DOCKER_CONFIG=" + home, "PATH=" + filepath.Dir(helper), "AWS_EC2_METADATA_DISABLED=true"}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("configure: %v\n%s", err, out)
			}
			edited, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			before, err := loadWithDocker(text)
			if err != nil {
				t.Fatal(err)
			}
			after, err := loadWithDocker(edited)
			if err != nil || after.CredentialHelpers[host] != "ecr-login" {
				t.Fatalf("Docker reads the helpers %q (%v) from\n%s", after.CredentialHelpers, err, edited)
			}
			delete(after.CredentialHelpers, host)
			delete(before.CredentialHelpers, host)
			if !maps.Equal(after.CredentialHelpers, before.CredentialHelpers) || !maps.Equal(after.AuthConfigs, before.AuthConfigs) ||
				after.CredentialsStore != before.CredentialsStore {
				t.Errorf("Docker reads other entries from\n%s\nthan from\n%s", edited, text)
			}
		})
	}
}

func FuzzParseAgreesWithDocker(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 2000 {
			f.Add(text)
		}
	}
	f.Add([]byte(`{"credHelpers":{"a":null,"b":"c"},"CREDHELPERS":{"a":"d"},"credsſtore":"\ud800"}`))
	f.Add([]byte(`{"features":{"a":true},"plugins":{"b":{"c":1}},"pruneFilters":["d",2],"proxies":{"e":{"httpProxy":3}},"aliases":4}`))
	f.Add([]byte("{\"auths\":{\"\xff\":{\"auth\":\"QTo=\"},\"\ufffd\":null},\"auths\":{}}"))
	f.Fuzz(func(t *testing.T, text []byte) { compare(t, text) })
}

// TestAuthVariable compares ParseAuthVariable with what Docker's own code takes from the variable.
func TestAuthVariable(t *testing.T) {
	const (
		login = "dXNlcjpub3QtYS1zZWNyZXQ=" // user:not-a-secret
		host  = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	)
	for _, value := range []string{
		`{}`, `{"auths": {}}`, `null`, `{`, `{} {}`, `{}x`, `[]`,
		`{"auths": {"` + host + `": {"auth": "` + login + `"}}}`,
		`{"auths": {"https://` + host + `": {"auth": "` + login + `"}}}`,
		`{"AUTHS": {"` + host + `": {"Auth": "` + login + `"}}}`,
		`{"auths": {"` + host + `": {"auth": "` + login + `"}}, "credHelpers": {}}`,
		`{"auths": {"` + host + `": {"auth": "` + login + `"}, "other": {"auth": ""}}}`,
		`{"auths": {"` + host + `": {"auth": "` + login + `"}, "other": {"auth": "?"}}}`,
		`{"auths": {"` + host + `": {"auth": "` + login + `"}, "other": {"auth": "dXNlcg=="}}}`,
		`{"auths": {"` + host + `": {"auth": "` + login + `"}, "other": {"auth": "OnNlY3JldA=="}}}`,
		`{"auths": {"` + host + `": {"auth": "` + login + `", "username": "user"}}}`,
	} {
		t.Setenv(dockerconfig.AuthVariable, value)
		docker := &configfile.ConfigFile{AuthConfigs: map[string]types.AuthConfig{}}
		want, err := docker.GetCredentialsStore(host).Get(host)
		if err != nil {
			t.Fatal(err)
		}
		logins, _ := dockerconfig.ParseAuthVariable(value)
		if _, found := logins[host]; found != (want.Username != "") {
			t.Errorf("%s: found %v, Docker has the user %q", value, found, want.Username)
		}
	}
}
