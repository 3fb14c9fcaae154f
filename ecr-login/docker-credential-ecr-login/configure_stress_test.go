//go:build stress && linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// aConfig has a password that configure removes, and others that it does not.
const aConfig = `{
	"auths": {
		"ghcr.io": {
			"auth": "dXNlcjpub3QtYS1zZWNyZXQ="
		},
		"https://` + host + `": {
			"auth": "QVdTOm5vdC1hLXNlY3JldA=="
		}
	},
	"HttpHeaders": {
		"X-Token": "not-a-secret"
	}
}`

// A process is killed at each of its system calls that can change anything, one run after the
// other. Each time the file is the old one or the new one, and the next run removes what is left
// beside it.
func TestStressConfigureKilled(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("no strace")
	}
	for _, start := range []struct{ name, text string }{{"a file", aConfig}, {"no file", ""}} {
		for _, command := range []string{"configure", "unconfigure"} {
			t.Run(command+" "+start.name, func(t *testing.T) {
				t.Parallel()
				killed := 0
				for _, call := range []string{
					"openat", "write", "fchmod", "fchown", "fsync", "renameat", "unlinkat", "rmdir", "mkdirat", "flock", "close", "getdents64",
				} {
					for n, unhurt := 1, 0; unhurt < 2; n++ {
						if n > 400 {
							t.Fatalf("%s: killed at every one of %d calls", call, n)
						}
						k := newKill(t, start.text, command)
						if k.at(strace, call, n) {
							killed++
							unhurt = 0
						} else {
							unhurt++
						}
					}
				}
				t.Logf("killed %d times", killed)
				if killed < 15 {
					t.Errorf("killed %d times only: nothing was tried", killed)
				}
			})
		}
	}
}

// A kill is a home directory in which a command is killed.
type kill struct {
	*user
	dir, path string
	command   string
	old, new  string            // what the file may be; empty: not there
	original  map[string]string // the home before configure
}

func newKill(t *testing.T, text, command string) *kill {
	u := newDockerUser(t)
	u.env = append(u.env, "GOMAXPROCS=1") // fewer threads, whose calls are counted apart
	if err := os.MkdirAll(filepath.Join(u.dir, ".local", "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	k := &kill{user: u, dir: filepath.Join(u.dir, ".docker"), command: command, old: text}
	k.path = filepath.Join(k.dir, "config.json")
	if text != "" {
		u.put(".docker/config.json", []byte(text))
	}
	k.original = u.tree()
	if a := u.run("", "configure", host); a.code != 0 {
		t.Fatalf("%+v", a)
	}
	k.new = k.now()
	if command == "unconfigure" {
		a := u.run("", "unconfigure")
		k.old, k.new = k.new, k.now()
		k.original = u.tree()
		if b := u.run("", "configure", host); a.code != 0 || b.code != 0 || k.now() != k.old {
			t.Fatalf("%+v, %+v", a, b)
		}
		return k
	}
	// Restore the start, with the password that configure removes.
	if a := u.run("", "unconfigure"); a.code != 0 {
		t.Fatalf("%+v", a)
	}
	if text != "" {
		u.put(".docker/config.json", []byte(text))
	}
	u.wantTree(k.original, "prepared")
	return k
}

// now returns the file's text.
func (k *kill) now() string {
	k.t.Helper()
	text, err := os.ReadFile(k.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		k.t.Fatal(err)
	}
	return string(text)
}

// at kills the command at its nth such call, and checks what is left. It reports whether the
// command was killed.
func (k *kill) at(strace, call string, n int) bool {
	t := k.t
	t.Helper()
	cmd := k.user.command("", k.command, host)
	args := append([]string{"strace", "-f", "-o", "/dev/null", "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, n)}, cmd.Path)
	cmd.Path, cmd.Args = strace, append(args, cmd.Args[1:]...)
	a := finish(t, cmd)
	at := fmt.Sprintf("killed at call %d of %s", n, call)
	if a.code == 1 {
		t.Fatalf("%s: %+v", at, a)
	}
	if now := k.now(); now != k.old && now != k.new {
		t.Errorf("%s: the file is neither the old nor the new one:\n%s", at, now)
	}
	entries, _ := os.ReadDir(k.dir)
	for _, e := range entries {
		info, err := e.Info()
		temporary := strings.HasPrefix(e.Name(), ".config.json.ecr-login-")
		if err != nil || e.Name() != "config.json" && !temporary || temporary && info.Mode().Perm() != 0o600 && a.code == 0 {
			t.Errorf("%s: left is %s, %v", at, e.Name(), err)
		}
	}
	if a.code == 0 && k.now() != k.new {
		t.Errorf("%s: exit code 0, and the file is\n%s", at, k.now())
	}
	for _, args := range [][]string{{"configure", host}, {"unconfigure"}} {
		if a := k.user.run("", args...); a.code != 0 || a.stderr != "" {
			t.Errorf("%s, then %q: %+v", at, args, a)
		}
	}
	if strings.Contains(k.original["/.docker/config.json"], host) {
		// The password that configure removes does not come back.
		k.original["/.docker/config.json"] = k.tree()["/.docker/config.json"]
		if now := k.now(); strings.Contains(now, host) || !strings.Contains(now, "ghcr.io") || strings.Contains(now, "credHelpers") {
			t.Errorf("%s, after unconfigure: the file is\n%s", at, now)
		}
	}
	k.wantTree(k.original, at+", after unconfigure")
	return a.code != 0
}
