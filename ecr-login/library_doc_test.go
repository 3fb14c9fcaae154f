package ecrlogin_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLibraryPage compiles the programs of docs/library.md as packages of this module.
func TestLibraryPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/library.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(page), "```go\n")
	dir, err := filepath.Abs("internal")
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	file := filepath.Join(t.TempDir(), "overlay.json")
	build := []string{"build", "-overlay", file}
	test := []string{"test", "-c", "-vet=off", "-o", os.DevNull, "-overlay", file}
	for i, part := range parts[1:] {
		code, _, _ := strings.Cut(part, "```")
		name := "main.go"
		if strings.Contains(code, "_test\n") {
			name = "page_test.go"
		}
		source := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(source, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
		place := fmt.Sprintf("librarypage%d", i)
		replace[filepath.Join(dir, place, name)] = source
		if name == "main.go" {
			build = append(build, "./internal/"+place)
		} else {
			test = append(test, "./internal/"+place)
		}
	}
	if len(replace) != 4 {
		t.Errorf("%d programs on the page, want 4", len(replace))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{build, test} {
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			t.Errorf("go %s: the programs of docs/library.md do not compile: %v\n%s", args[0], err, out)
		}
	}
}
