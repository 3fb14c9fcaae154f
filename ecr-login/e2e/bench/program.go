package main

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// The programs that are compared, as results name them.
const (
	emptyID = "empty"
	oursID  = "ours"
	peerID  = "peer" // the first peer, which the targets are about
	cliID   = "cli"
)

// linkFlags are the linker flags of the project's own build.
const linkFlags = "-s -w"

// program is one of the programs that are compared.
type program struct {
	id   string
	name string // shown in tables
	path string
	args []string

	// password returns the password in the output. It is nil for a program that prints nothing.
	password func(out []byte) (string, error)
}

func (p *program) argv() []string { return append([]string{p.path}, p.args...) }

// helper returns a credential helper that is asked for one host.
func helper(id, name, path string) *program {
	return &program{id: id, name: name, path: path, args: []string{"get"}, password: func(out []byte) (string, error) {
		var answer struct{ Secret string }
		if err := json.Unmarshal(out, &answer); err != nil {
			return "", fmt.Errorf("%w in %q", err, out[:min(200, len(out))])
		}
		return answer.Secret, nil
	}}
}

// awsCLI returns the AWS command line, which prints the bare password.
func awsCLI(path string) *program {
	return &program{id: cliID, name: "aws ecr get-login-password", path: path, args: []string{"ecr", "get-login-password"},
		password: func(out []byte) (string, error) { return strings.TrimSpace(string(out)), nil }}
}

// build builds a package or Go files without cgo, as the project is built. It runs in the directory
// of the root module, so that all programs have the same Go version and the same defaults.
func build(ctx context.Context, out, ldflags string, environ []string, target string) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", rootModule).Output()
	if err != nil {
		return fmt.Errorf("finding the root module: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", ldflags, "-o", out, target)
	cmd.Dir = strings.TrimSpace(string(root))
	cmd.Env = append(os.Environ(), append([]string{"CGO_ENABLED=0"}, environ...)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %q: %w: %s", target, err, text)
	}
	return nil
}

// buildEmpty builds a main function that does nothing: the cost of any Go process.
func buildEmpty(ctx context.Context, dir string) (*program, error) {
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "empty")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if err := build(ctx, path, linkFlags, nil, source); err != nil {
		return nil, err
	}
	return &program{id: emptyID, name: "empty Go program", path: path, args: []string{"get"}}, nil
}

// install copies a program's file into a directory of its own and keeps its name, because a
// helper's name is a setting.
//
// All programs are copied the same way, because it matters: the Go linker writes a file through a
// memory map, so that it lies in the page cache page by page and takes 15 to 25 % longer to run
// than the same bytes after install(1). io.Copy copies as install does.
func (p *program) install(dir string) error {
	from, err := os.Open(p.path)
	if err != nil {
		return err
	}
	defer from.Close()
	own := filepath.Join(dir, p.id)
	if err := os.Mkdir(own, 0o755); err != nil {
		return err
	}
	p.path = filepath.Join(own, filepath.Base(p.path))
	to, err := os.OpenFile(p.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// describe returns a program's module and version, its size and build settings, and its kind: the
// word that tells two builds of one version apart.
func describe(path string) (name, details, kind string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", "", "", err
	}
	details = megabytes(float64(info.Size()))
	built, err := buildinfo.ReadFile(path)
	if err != nil {
		return filepath.Base(path), details, "not Go", nil
	}
	details += ", " + built.GoVersion
	kind = "static"
	for _, s := range built.Settings {
		if s.Key == "CGO_ENABLED" || s.Key == "-ldflags" {
			details += ", " + s.Key + "=" + s.Value
		}
		if s.Key == "CGO_ENABLED" && s.Value == "1" {
			kind = "cgo"
		}
	}
	if !stripped(path) {
		details += ", with symbol table"
	}
	return moduleName(built.Main.Path) + " " + strings.TrimPrefix(built.Main.Version, "v"), details, kind, nil
}

// moduleName returns the repository's name in a module path: "tool" for
// "github.com/owner/tool/cmd".
func moduleName(path string) string {
	if parts := strings.Split(path, "/"); len(parts) > 2 {
		return parts[2]
	}
	return path
}

// commandLine returns the version that the AWS command line prints.
func commandLine(ctx context.Context, path string) (details string, err error) {
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(out), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", errors.New("it prints no version")
	}
	if shell(path) {
		line += ", started by a shell script"
	}
	return line, nil
}

// shell reports whether a program is a script for a shell, such as those of version managers.
func shell(path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	line, _, _ := strings.Cut(string(text[:min(100, len(text))]), "\n")
	return strings.HasPrefix(line, "#!") && strings.HasSuffix(strings.TrimSpace(line), "sh")
}
