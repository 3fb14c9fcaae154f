package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestManifests checks that each archive in a manifest has its own sum, in the format of the package
// manager.
func TestManifests(t *testing.T) {
	out := t.TempDir()
	r := &release{options: options{version: testVersion, out: out}, sums: map[string]string{}}
	sri := map[string]string{}
	for _, target := range targets {
		for _, suffix := range []string{".tar.gz", ".zip"} {
			name := r.name(target, suffix)
			sum := sha256.Sum256([]byte(name))
			r.sums[name] = hex.EncodeToString(sum[:])
			sri[name] = "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
		}
	}
	if err := r.writeManifests(targets); err != nil {
		t.Fatal(err)
	}
	const url = homepage + "/releases/download/" + testVersion + "/"
	for name, want := range map[string]struct {
		pair *regexp.Regexp
		sums map[string]string
	}{
		"ecr-login.rb":   {regexp.MustCompile(`url "` + url + `(.*)"\n *sha256 "(.*)"`), r.sums},
		"ecr-login.json": {regexp.MustCompile(`"url": "` + url + `(.*)",\n *"hash": "(.*)"`), r.sums},
		"ecr-login.nix":  {regexp.MustCompile(`url = "` + url + `(.*)";\n *hash = "(.*)";`), sri},
	} {
		text := string(read(t, filepath.Join(out, name)))
		pairs := want.pair.FindAllStringSubmatch(text, -1)
		if len(pairs) != len(manifestFiles[name]) {
			t.Errorf("%s has %d archives with sums, want %d:\n%s", name, len(pairs), len(manifestFiles[name]), text)
		}
		for i, pair := range pairs {
			if want.sums[pair[1]] == "" || pair[2] != want.sums[pair[1]] {
				t.Errorf("%s: %s has the sum %s, want %s", name, pair[1], pair[2], want.sums[pair[1]])
			}
			for _, other := range pairs[:i] {
				if other[1] == pair[1] {
					t.Errorf("%s has %s twice", name, pair[1])
				}
			}
		}
		if strings.Contains(text, "<no value>") || strings.Contains(text, "{{") {
			t.Errorf("%s is not filled in:\n%s", name, text)
		}
		if filepath.Ext(name) == ".json" && !json.Valid([]byte(text)) {
			t.Errorf("%s is not JSON", name)
		}
	}
}
