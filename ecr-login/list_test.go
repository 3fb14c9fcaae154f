package ecrlogin_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// List on an empty cache names the hosts that a client's configuration assigns to the helper, but
// none that Get would reject without a request to AWS.
func TestListConfiguredHosts(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	file := filepath.Join(t.TempDir(), "settings.toml")
	text := "public = \"never\"\n[[registry]]\nmatch = \"images.example.com\"\nhost = \"" + host + "\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ECR_LOGIN_CONFIG", file)
	h := ecrlogin.New(ecrlogin.Options{})
	if hosts := h.List(t.Context()); len(hosts) != 0 {
		t.Errorf("list on an empty cache: %v", hosts)
	}
	got := h.List(t.Context(),
		host, host+":443", strings.ToUpper(host), "https://"+neighbour+"/v2/", "images.example.com", // each of these has a registry
		"public.ecr.aws", // the settings have public = "never"
		"ghcr.io", "*.dkr.ecr.us-east-1.amazonaws.com", "", "user:not-a-secret@"+host, host+".evil.example",
	)
	// The list has each name as it is configured, because testcontainers for Node compares it with
	// that of the image.
	want := map[string]string{
		host: "AWS", host + ":443": "AWS", strings.ToUpper(host): "AWS",
		"https://" + neighbour + "/v2/": "AWS", "images.example.com": "AWS",
	}
	if !maps.Equal(got, want) {
		t.Errorf("list: %v, want %v", got, want)
	}
	for name := range got {
		if _, err := h.Get(t.Context(), name); err != nil {
			t.Errorf("get of the listed host %s: %v", name, err)
		}
	}
	wantCalls(t, s, 1)

	if err := os.WriteFile(file, []byte("timout = \"1s\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if hosts := ecrlogin.New(ecrlogin.Options{}).List(t.Context(), host); len(hosts) != 0 {
		t.Errorf("list with invalid settings: %v", hosts)
	}
}
