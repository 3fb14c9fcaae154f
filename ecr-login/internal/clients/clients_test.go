package clients

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
)

const host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

// read returns the registries of a home directory with the files.
func read(t *testing.T, files map[string]string) *Registries {
	t.Helper()
	home := t.TempDir()
	for name, text := range files {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"HOME": home, "USERPROFILE": home, "XDG_RUNTIME_DIR": filepath.Join(home, "run")}
	return Read(dockerconfig.Locator{Environ: func(name string) (string, bool) { value, ok := env[name]; return value, ok }})
}

// Every spelling of a registry gets the profile that a client would use for it.
func TestProfileOfEverySpelling(t *testing.T) {
	t.Parallel()
	const other = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
	const none = "no entry"
	for _, test := range []struct{ helpers, name, want string }{
		{`"` + host + `": "ecr-login-prod"`, host, "prod"},
		{`"` + host + `": "ecr-login-prod"`, "https://" + host, "prod"},
		{`"` + host + `": "ecr-login-prod"`, "https://" + host + "/v2/", "prod"},
		{`"` + host + `": "ecr-login-prod"`, host + ":443", "prod"},
		{`"` + host + `": "ecr-login-prod"`, host + "/", "prod"},
		{`"` + host + `": "ecr-login-prod"`, host + ".", "prod"},
		{`"` + host + `": "ecr-login-prod"`, "123456789012.DKR.ECR.us-east-1.amazonaws.com", "prod"},
		{`"` + host + `": "ecr-login-prod"`, host + "/team/app:1", "prod"},
		{`"` + host + `": "ecr-login-prod"`, other, none},
		{`"` + host + `": "ecr-login-prod"`, host + ":5000", none}, // another registry to every client
		{`"` + host + `": "ecr-login-prod"`, "user@" + host, none},
		{`"` + host + `": "ecr-login-prod"`, "not a host", none},
		{`"` + host + `": "ecr-login"`, host, ""},
		{`"` + host + `": "desktop"`, host, none},
		{`"https://` + host + `": "ecr-login-prod"`, host, "prod"},
		{`"` + host + `:443": "ecr-login-prod"`, host + "/", "prod"},
		{`"https://` + host + `": "ecr-login-dev", "` + host + `": "ecr-login-prod"`, host, "prod"},
		{`"https://` + host + `": "ecr-login-dev", "` + host + `": "ecr-login-prod"`, host + ":443", "prod"},
		{`"` + host + `": "ecr-login-prod", "https://` + host + `": "ecr-login-dev"`, host + "/app", "prod"},
		{`"` + host + `": "ecr-login-prod", "https://` + host + `": "ecr-login-dev"`, "https://" + host, "dev"},
		{`"` + host + `/": "ecr-login-prod", "https://` + host + `": "ecr-login-dev"`, host, "prod"}, // the first
		{`"` + host + `": "ecr-login", "https://` + host + `": "ecr-login-dev"`, host + ":443", ""},
		{`}, "credsStore": "ecr-login-all", "x": {"y": "z"`, host, "all"},
		{`"` + host + `": "ecr-login-prod"}, "credsStore": "ecr-login-all", "x": {"y": "z"`, host, "prod"},
		{`"` + host + `": "ecr-login-prod"}, "credsStore": "ecr-login-all", "x": {"y": "z"`, other, "all"},
		{`"` + host + `": "desktop"}, "credsStore": "ecr-login-all", "x": {"y": "z"`, host, none},
		{`"` + host + `": "ecr-login-prod"}, "credsStore": "desktop", "x": {"y": "z"`, other, none},
	} {
		got, found := read(t, map[string]string{".docker/config.json": `{"credHelpers": {` + test.helpers + `}}`}).Profile(test.name)
		if !found {
			got = none
		}
		if got != test.want {
			t.Errorf("%s: the profile of %s is %q, want %q", test.helpers, test.name, got, test.want)
		}
	}
}

func TestFilesOfDockerAndPodman(t *testing.T) {
	t.Parallel()
	const docker, podman, session = ".docker/config.json", ".config/containers/auth.json", "run/containers/auth.json"
	for _, test := range []struct {
		name   string
		files  map[string]string
		keys   []string
		errors int
	}{
		{"no file", nil, nil, 0},
		{"docker's", map[string]string{docker: `{"credHelpers": {"b": "ecr-login", "a": "ecr-login-x", "c": "other"}}`}, []string{"a", "b"}, 0},
		{"podman's", map[string]string{podman: `{"credHelpers": {"a": "ecr-login"}}`, docker: `{}`}, []string{"a"}, 0},
		{"all", map[string]string{
			session: `{"credHelpers": {"a": "ecr-login"}}`, podman: `{"credHelpers": {"b": "ecr-login"}}`, docker: `{"credHelpers": {"c": "ecr-login"}}`,
		}, []string{"a", "b", "c"}, 0},
		{"broken", map[string]string{docker: `{`, podman: `{"credHelpers": {"b": "ecr-login"}}`}, []string{"b"}, 1},
		{"credsStore", map[string]string{docker: `{"credsStore": "ecr-login"}`}, nil, 0},
	} {
		r := read(t, test.files)
		if got := r.Keys(); !slices.Equal(got, test.keys) || len(r.Errors) != test.errors {
			t.Errorf("%s: %v, errors %v; want %v and %d errors", test.name, got, r.Errors, test.keys, test.errors)
		}
	}
}
