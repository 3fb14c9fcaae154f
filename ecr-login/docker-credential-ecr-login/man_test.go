package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/hit"
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

// The manual page describes every environment variable and every setting of the program.
func TestManPageIsComplete(t *testing.T) {
	t.Parallel()
	described := map[string]bool{}
	for _, r := range environmentReference {
		described[r.name] = true
	}
	for _, name := range append(config.Variables, hit.LogVariable, hit.LogFileVariable) {
		if !described[name] {
			t.Errorf("the page does not have the environment variable %s", name)
		}
	}
	for _, r := range settingsReference {
		for _, key := range strings.Split(strings.Trim(r.name, "[]"), ", ") {
			path := filepath.Join(t.TempDir(), "config.toml")
			table := ""
			if !slices.Contains([]string{"timeout", "fallback", "public", "sealing", "partitions", "registry"}, key) {
				table = "[[registry]]\n"
			}
			if err := os.WriteFile(path, []byte(table+key+" = []\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := config.Load(func(name string) (string, bool) { return path, name == "ECR_LOGIN_CONFIG" })
			if err != nil && strings.Contains(err.Error(), "unknown key") {
				t.Errorf("the page has a key that the settings do not have: %v", err)
			}
		}
	}
}

// Texts for users name no file of the source code, which an installed machine does not have.
func TestTextsNameInstalledFiles(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{"e2e", "ecrtest", "demo", "testdata"}, d.Name()):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			text, ok := n.(*ast.BasicLit)
			if !ok || text.Kind != token.STRING {
				return true
			}
			for word := range strings.FieldsSeq(text.Value) {
				word = strings.Trim(word, "\"`.,;()")
				if strings.HasPrefix(word, "docs/") || strings.HasPrefix(word, "packaging/") {
					t.Errorf("%s: %s", path, text.Value)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
