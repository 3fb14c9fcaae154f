package dockerconfig

import (
	"slices"
	"testing"
)

func TestEntriesKeepOrder(t *testing.T) {
	t.Parallel()
	c := sound(t, `{
	"auths": {
		"https://z.example/v1/": { "auth": "dXNlcjpub3QtYS1zZWNyZXQ=" },
		"y.example": { "identitytoken": "x" },
		"x.example": {},
		"w.example": { "username": "u", "password": "p" },
		"v.example": { "registrytoken": "t" },
		"u.example": null
	},
	"credHelpers": {
		"b.example": "two",
		"a.example": "one",
		"b.example": "three"
	}
}`, Docker)
	wantAuths := []Auth{
		{Key: "https://z.example/v1/", Password: true, Line: 3}, {Key: "y.example", Token: true, Line: 4}, {Key: "x.example", Line: 5},
		{Key: "w.example", Password: true, Line: 6}, {Key: "v.example", Token: true, Line: 7}, {Key: "u.example", Line: 8},
	}
	if got := c.Auths(); !slices.Equal(got, wantAuths) {
		t.Errorf("%+v\nwant %+v", got, wantAuths)
	}
	wantHelpers := []Helper{{"a.example", "one", 12}, {"b.example", "three", 13}}
	if got := c.Helpers(); !slices.Equal(got, wantHelpers) {
		t.Errorf("%+v\nwant %+v", got, wantHelpers)
	}
}

func TestFor(t *testing.T) {
	t.Parallel()
	const login = `{ "auth": "dXNlcjpub3QtYS1zZWNyZXQ=" }`
	for _, c := range []struct {
		name, text string
		client     Client
		host       string
		source     Source
		detail     string // helper or key
		line       int
	}{
		{"own helper before store", "{\"credsStore\": \"pass\",\n\"credHelpers\": {\"h\": \"ecr-login\"}}", Docker, "h", FromHelpers, "ecr-login", 2},
		{"store before auths", `{"credsStore": "pass", "auths": {"h": ` + login + `}}`, Docker, "h", FromStore, "pass", 1},
		{"auths alone", `{"auths": {"h": ` + login + `}}`, Docker, "h", FromAuths, "h", 1},
		{"helper before auths", `{"auths": {"h": ` + login + `}, "credHelpers": {"h": "ecr-login"}}`, Docker, "h", FromHelpers, "ecr-login", 1},
		{"a helper without a name", `{"credsStore": "pass", "credHelpers": {"h": ""}, "auths": {"h": {}}}`, Docker, "h", FromAuths, "h", 1},
		{"the port matters", `{"credHelpers": {"h": "ecr-login"}}`, Docker, "h:443", FromNowhere, "", 0},
		{"the scheme matters to helpers", `{"credHelpers": {"https://h": "ecr-login"}}`, Docker, "h", FromNowhere, "", 0},
		{"the case matters", `{"credHelpers": {"H": "ecr-login"}}`, Docker, "h", FromNowhere, "", 0},
		{"a URL among auths", `{"auths": {"https://h/v1/": {}}}`, Docker, "h", FromAuths, "https://h/v1/", 1},
		{"a URL with a port", `{"auths": {"http://h:5000/v2/": {}}}`, Docker, "h:5000", FromAuths, "http://h:5000/v2/", 1},
		{"a host with a path", `{"auths": {"h/repo": {}}}`, Docker, "h", FromAuths, "h/repo", 1},
		{"the exact key first", `{"auths": {"https://h": {}, "h": {}}}`, Docker, "h", FromAuths, "h", 1},
		{"Docker Hub", `{"auths": {"https://index.docker.io/v1/": {}}}`, Docker, "docker.io", FromAuths, "https://index.docker.io/v1/", 1},
		{"nothing", `{"auths": {"other": {}}}`, Docker, "h", FromNowhere, "", 0},
		{"podman knows no store", `{"credsStore": "pass", "auths": {"h": ` + login + `}}`, Containers, "h", FromAuths, "h", 1},
		{"podman's helper", `{"credsStore": "pass", "credHelpers": {"h": "ecr-login"}}`, Containers, "h", FromHelpers, "ecr-login", 1},
		{"podman starts a helper without a name", `{"credHelpers": {"h": ""}, "auths": {"h": {}}}`, Containers, "h", FromHelpers, "", 1},
	} {
		got := sound(t, c.text, c.client).For(c.host)
		detail := got.Helper
		if got.Source == FromAuths {
			detail = got.Auth.Key
		}
		if got.Source != c.source || detail != c.detail || got.Line != c.line {
			t.Errorf("%s: %+v, want %s %q line %d", c.name, got, c.source, c.detail, c.line)
		}
	}
}

func TestAuthHost(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"h":                     "h",
		"h:8443":                "h:8443",
		"h:443":                 "h:443",
		"h/v2/":                 "h",
		"https://h:8443/v2/":    "h:8443",
		"http://h":              "h",
		"https://h:443":         "h:443",
		"H":                     "H",
		"https://u:p@h:8443/v2": "h:8443",
		"u:p@h/x":               "h",
		"u@h":                   "h",
	} {
		if got := (Auth{Key: key}).Host(); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}
