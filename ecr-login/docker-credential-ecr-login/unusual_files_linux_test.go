package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// unusualFiles create something at a path that is no file of a usual size.
var unusualFiles = map[string]func(path string) error{
	"FIFO":               func(path string) error { return syscall.Mkfifo(path, 0o600) },
	"link to /dev/zero":  func(path string) error { return os.Symlink("/dev/zero", path) },
	"file of 2 GB":       func(path string) error { return writeSparse(path, 2<<30) },
	"directory":          func(path string) error { return os.Mkdir(path, 0o700) },
	"link to itself":     func(path string) error { return os.Symlink(filepath.Base(path), path) },
	"link to a terminal": func(path string) error { return os.Symlink("/dev/ptmx", path) },
}

func writeSparse(path string, size int64) error {
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	return os.Truncate(path, size)
}

// No command waits for a file or reads all of it when it is no regular file of a usual size.
func TestUnusualFiles(t *testing.T) {
	t.Parallel()
	commands := [][]string{
		{"get"}, {"list"}, {"explain", host}, {"configure", "--yes"}, {"configure", host}, {"configure", "--profile", "prod", host}, {"configure", "--podman", host},
		{"unconfigure"}, {"get-login-password", "--region", "us-east-1"}, {"header", host}, {"refresh"}, {"refresh", host}, {"cache", "ls"}, {"cache", "clear", host},
		{"__complete", "refresh", ""}, {"__complete", "get-login-password", "--profile", ""}, {"__complete", "unconfigure", ""},
	}
	for kind, create := range unusualFiles {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for _, file := range []string{
				".aws/config", ".aws/credentials", ".aws/ca.pem", ".aws/sso/cache", ".docker/config.json", ".config/containers/auth.json",
				".config/ecr-login/config.toml", ".local/state/ecr-login/configured.json", ".cache/ecr-login", "Dockerfile", "log", "token",
			} {
				s := ecrtest.New(t)
				u := newSourceUser(t, s, ecrtest.FromFile)
				u = u.with("PATH="+filepath.Dir(helper), "ECR_LOGIN_TIMEOUT=2s")
				path := filepath.Join(u.dir, file)
				switch file {
				case ".aws/ca.pem":
					u = u.with("AWS_CA_BUNDLE=" + path)
				case "log":
					u = u.with("ECR_LOGIN_LOG_FILE=" + path)
				case "token":
					u = u.with("AWS_PROFILE=", "AWS_WEB_IDENTITY_TOKEN_FILE="+path, "AWS_ROLE_ARN=arn:aws:iam::123456789012:role/pull")
				}
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				_ = os.RemoveAll(path)
				if err := create(path); err != nil {
					t.Fatal(err)
				}
				for _, args := range commands {
					u.wantEnd(kind+" at "+file, args)
				}
			}
		})
	}
}

// wantEnd fails when a command does not end by itself, or uses a lot of memory.
func (u *user) wantEnd(situation string, args []string) {
	u.t.Helper()
	// The kernel reports the largest memory of a child at least as large as that of its parent, which
	// is more with the race detector. A command needs several times less than the rest.
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		u.t.Fatal(err)
	}
	maxMemory := own.Maxrss + 150<<10 // KiB
	cmd := u.command(host, args...)
	guard := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Signal(syscall.SIGQUIT) })
	a := finish(u.t, cmd)
	if !guard.Stop() {
		u.t.Errorf("%s: %q did not end:\n%.3000s", situation, args, a.stderr)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && usage.Maxrss > maxMemory {
		u.t.Errorf("%s: %q used %d KiB of memory", situation, args, usage.Maxrss)
	}
	if strings.Contains(a.stderr, "did not finish within") {
		u.t.Errorf("%s: %q ended by its budget only: %s", situation, args, a.stderr)
	}
	if strings.Contains(a.stderr, "waiting for another process") {
		u.t.Errorf("%s: %q blames another process: %s", situation, args, a.stderr)
	}
}
