package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// TestFacts observes what docs/library.md says about each library.
func TestFacts(t *testing.T) {
	want := []facts{
		{Library: withConfig, ECR: true, TokenCalls: 1, RoleCalls: 1, InTurn: 1, Denied: typedError, Silent: callersTimeout, Neighbor: true},
		{Library: withFiles, ECR: true, TokenCalls: 1, RoleCalls: 1, InTurn: 1, Denied: typedError, Silent: callersTimeout, Neighbor: true},
		{Library: "amazon-ecr-credential-helper", ECR: true, TokenCalls: goroutines, RoleCalls: goroutines, InTurn: 3, Denied: notFound, Neighbor: true},
		{Library: "fluxcd/pkg/auth", ECR: true, TokenCalls: 1, RoleCalls: 1, InTurn: 1, Denied: awsError, Silent: callersTimeout},
		{Library: googleName},
	}
	all, err := observeAll(io.Discard)
	if err != nil || len(all) != len(want) {
		t.Fatalf("%d libraries, %v; want %d", len(all), err, len(want))
	}
	for i, got := range all {
		t.Logf("%+v", got)
		if !strings.HasPrefix(got.Library, want[i].Library) {
			t.Errorf("library %q, want %q", got.Library, want[i].Library)
		}
		got.Library = want[i].Library
		if got.Silent > 0 {
			got.Silent = callersTimeout // the exact time depends on the machine
		}
		if got != want[i] {
			t.Errorf("got %+v, want %+v", got, want[i])
		}
	}
}

// Each measured lookup succeeds, with each source of credentials.
func TestWarmLookups(t *testing.T) {
	for _, source := range []ecrtest.Source{ecrtest.FromFile, ecrtest.FromRole} {
		w := newTestWorld(t, source)
		for _, l := range libraries() {
			find, err := l.new(w)
			if err != nil {
				t.Fatal(err)
			}
			user, password, err := find(t.Context(), host)
			if _, known := w.server.PrincipalOf(password); err != nil || known != (user == "AWS") || known == strings.HasPrefix(l.name, googleName) {
				t.Errorf("%s, %s: user %q, %v", l.name, source, user, err)
			}
		}
	}
}

// The section is added, and replaced, without a change to the rest of the page.
func TestReplaceSection(t *testing.T) {
	r := results{Go: "go1.26.8", Keys: []speed{{withConfig, 2_900, 2}, {withFiles, 41_000, 13}}, Role: make([]speed, 2), Facts: []facts{{Library: "other"}}}
	const page = "# Page\n\ntext\n\n" + next + "\nmore\n"
	once, err := replaceSection(page, section(r))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"time | 2.9 µs | ≤ 3.0 µs | holds |", "time | 41 µs | ≤ 40 µs | **missed** |", "| other | no credentials for ECR |"} {
		if !strings.Contains(once, want) {
			t.Errorf("no %q in\n%s", want, once)
		}
	}
	if twice, err := replaceSection(once, section(r)); err != nil || twice != once {
		t.Errorf("replaced: %v\n%s", err, twice)
	}
	if rest := strings.Replace(once, section(r)+"\n", "", 1); rest != page {
		t.Errorf("the rest of the page changed:\n%s", rest)
	}
	if _, err := replaceSection("# Page\n", ""); err == nil {
		t.Error("no error for a page without the next section")
	}
	file := filepath.Join(t.TempDir(), "missing.md")
	if err := run([]string{"-out", file}, io.Discard); !os.IsNotExist(err) {
		t.Errorf("a missing page: %v", err)
	}
}
