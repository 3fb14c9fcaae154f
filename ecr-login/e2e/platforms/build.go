package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// module is the path of the root module.
const module = "github.com/4e881efc/ecr-credential-helper"

// A target is a system as the Go tools name it.
type target struct{ os, arch string }

func (t target) exe() string {
	if t.os == "windows" {
		return ".exe"
	}
	return ""
}

// A builder builds programs and test binaries into a directory.
type builder struct {
	dir     string
	root    string // the directory of the root module
	overlay string // for Windows: a file for go build -overlay
}

func newBuilder(ctx context.Context, dir string) (*builder, error) {
	root, err := goTool(ctx, nil, "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return nil, err
	}
	b := &builder{dir: filepath.Join(dir, "bin"), root: strings.TrimSpace(root)}
	return b, os.Mkdir(b.dir, 0o755)
}

// program builds the program as a release does, and returns its path.
func (b *builder) program(ctx context.Context, t target) (string, error) {
	path := filepath.Join(b.dir, t.os+"-"+t.arch, "docker-credential-ecr-login"+t.exe())
	return path, b.build(ctx, t, path, "build", "-ldflags", "-s -w -X main.linked=v0.0.0-platforms",
		"-o", path, module+"/ecr-login/docker-credential-ecr-login")
}

// test builds the test binary of a package, and returns its path.
func (b *builder) test(ctx context.Context, t target, pkg string) (string, error) {
	path := filepath.Join(b.dir, t.os+"-"+t.arch, strings.ReplaceAll(pkg, "/", "-")+".test"+t.exe())
	return path, b.build(ctx, t, path, "test", "-c", "-o", path, module+"/"+pkg)
}

func (b *builder) build(ctx context.Context, t target, path, command string, args ...string) error {
	// The flags are those of `make cross`, which has compiled the same packages.
	flags := []string{"-C", b.root, command, "-trimpath", "-tags", "nethttpomithttp2"}
	if t.os == "windows" && b.overlay != "" {
		flags = append(flags, "-overlay", b.overlay)
	}
	env := []string{"CGO_ENABLED=0", "GOOS=" + t.os, "GOARCH=" + t.arch, "GOARM=7"}
	if _, err := goTool(ctx, env, append(flags, args...)...); err != nil {
		return err
	}
	_, err := os.Stat(path)
	return err
}

// overlayFile writes a file for go build -overlay that replaces a text in one file of Go's standard
// library. The text must occur once.
func (b *builder) overlayFile(ctx context.Context, file, before, after string) error {
	goroot, err := goTool(ctx, nil, "env", "GOROOT")
	if err != nil {
		return err
	}
	source := filepath.Join(strings.TrimSpace(goroot), "src", filepath.FromSlash(file))
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), before); n != 1 {
		return fmt.Errorf("%s has %q %d times, not once", source, before, n)
	}
	replacement := filepath.Join(b.dir, filepath.Base(file))
	if err := os.WriteFile(replacement, []byte(strings.Replace(string(text), before, after, 1)), 0o644); err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{source: replacement}})
	if err != nil {
		return err
	}
	b.overlay = filepath.Join(b.dir, "overlay.json")
	return os.WriteFile(b.overlay, overlay, 0o644)
}

// goTool runs the go command and returns its standard output.
func goTool(ctx context.Context, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}

// setupTimeout ends a command that prepares a system and hangs.
const setupTimeout = 15 * time.Minute

// runIn runs a command, which must succeed, with an environment. Its output is in a file in dir
// meanwhile: processes that it leaves running, such as Wine's services, would keep a pipe open.
func runIn(ctx context.Context, dir string, env []string, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	log, err := os.CreateTemp(dir, "setup-*.log")
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, text)
	}
	return nil
}
