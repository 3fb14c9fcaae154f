package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const manFile = "../../docs/man/docker-credential-ecr-login.1"

// The page that is installed is the one the program prints; "make man" writes it.
func TestManPage(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile(filepath.FromSlash(manFile))
	if err != nil {
		t.Fatal(err)
	}
	a := newUser(t, t.TempDir(), nil).run("", "man")
	if a.stdout != string(file) || a.code != 0 || a.stderr != "" {
		t.Errorf("%s is not what the program prints: run make man", manFile)
	}
	for _, c := range newRoot(&process{}).Commands() {
		if !c.IsAvailableCommand() {
			continue
		}
		if !strings.Contains(a.stdout, "\n.SS "+escape(c.Name())) {
			t.Errorf("the page leaves out %s", c.Name())
		}
		if c.Short == "" || c.Long == "" || strings.HasSuffix(c.Short, ".") || c.Short != strings.ToLower(c.Short[:1])+c.Short[1:] {
			t.Errorf("the texts of %s are not of the form that help and page want", c.Name())
		}
	}
}

// groff, where there is one, finds nothing to complain about.
func TestManPageIsRoff(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff here")
	}
	out, err := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z", filepath.FromSlash(manFile)).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
