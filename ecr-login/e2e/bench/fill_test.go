package main

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

func TestMultiply(t *testing.T) {
	t.Parallel()
	text, err := multiply([]byte(`{"Registries":{"us-east-1-x":{"AuthorizationToken":"t","New":1}},"Version":"1.0","Other":[2]}`), 3)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Registries map[string]map[string]any
		Version    string
		Other      []int
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Registries) != 3 || file.Registries["us-east-1-x"]["AuthorizationToken"] != "t" || file.Version != "1.0" || len(file.Other) != 1 {
		t.Errorf("got %s", text)
	}
	for _, entry := range file.Registries {
		if entry["New"] != 1.0 {
			t.Errorf("a field is missing in a copied entry: %v", entry)
		}
	}
	for _, bad := range []struct{ why, text string }{
		{"an empty file", ""},
		{"not an object", "null"},
		{"another format", `{"tokens":{}}`},
		{"no entry to copy", `{"Registries":{}}`},
		{"more than one entry", `{"Registries":{"a":{},"b":{}}}`},
		{"entries in a list", `{"Registries":[{}]}`},
	} {
		if text, err := multiply([]byte(bad.text), 3); !errors.Is(err, errOtherForm) {
			t.Errorf("%s: %q, %v", bad.why, text, err)
		}
	}
}

func TestForgetPeer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s, err := b.newScene(helper(peerID, "peer", ""), ecrtest.FromEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.forget(); err != nil {
		t.Errorf("forget without a cache file: %v", err)
	}
	if err := s.fill(3); !errors.Is(err, errOtherForm) {
		t.Errorf("error %v for a peer without a cache file", err)
	}
}

func TestScenesShareNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := helper(oursID, "ours", "")
	one, err := b.newScene(p, ecrtest.FromEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.newScene(p, ecrtest.FromEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	if one.dir == two.dir {
		t.Errorf("two scenes share the home %q", one.dir)
	}
	if got := one.disk().Inventory().Items; len(got) != 0 {
		t.Errorf("a new home has %d entries", len(got))
	}
	if dir := one.disk().Status().Dir; dir != "" && dir == two.disk().Status().Dir {
		t.Errorf("two scenes share the cache directory %q", dir)
	}
}
