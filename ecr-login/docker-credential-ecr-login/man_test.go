package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const manFile = "../../docs/man/docker-credential-ecr-login.1"

// The installed page is the one that the program prints; "make man" writes it.
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
			t.Errorf("the page does not have %s", c.Name())
		}
		if c.Short == "" || c.Long == "" || strings.HasSuffix(c.Short, ".") || c.Short != strings.ToLower(c.Short[:1])+c.Short[1:] {
			t.Errorf("the descriptions of %s do not have the form of the others", c.Name())
		}
	}
}

// groff, if installed, reports no problem.
func TestManPageIsRoff(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	out, err := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z", filepath.FromSlash(manFile)).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
