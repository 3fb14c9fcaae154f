package cache

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFullDisk(t *testing.T) {
	t.Parallel()
	requireRoot(t, "mounts a small file system in a namespace of its own")
	p := startRole(t, "small disk", childConfig{Dir: t.TempDir()}, func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	})
	for _, step := range []struct{ command, want string }{
		{"fill", "filled <nil>"},
		{"do", "got fetched <nil>"}, // the cache is empty and nothing can be stored
		{"get", "get  not in the cache: no sealing key yet"},
		{"free", "freed <nil>"},
		{"put", "put <nil>"},
		{"fill", "filled <nil>"},
		{"get", "get v <nil>"},
		{"do", "got v <nil>"},
		{"free", "freed <nil>"},
		{"put", "put <nil>"},
	} {
		p.send(step.command)
		p.want(step.want)
	}
}

// A directory from Options.Dir is read even if it is not writable.
func TestReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	requireRoot(t, "mounts a small file system in a namespace of its own")
	p := startRole(t, "small disk", childConfig{Dir: t.TempDir()}, func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	})
	p.send("put")
	p.want("put <nil>")
	p.send("read only")
	p.want("done <nil>")
	p.send("get")
	p.want("get v <nil>")
	p.send("do")
	p.want("got v <nil>")
	p.send("put")
	if line := p.receive(); line == "put <nil>" {
		t.Error("written to a read-only file system")
	}
}

// asOrdinaryUser returns a directory and the changes for a child process whose user is not root.
func asOrdinaryUser(t testing.TB) (dir string, changes []func(*exec.Cmd)) {
	t.Helper()
	if !isRoot() {
		return t.TempDir(), nil
	}
	dir = dirFor(t, otherUser)
	return dir, []func(*exec.Cmd){asUser(otherUser), testBinary(t, dir)}
}

// A directory from Options.Dir is read even if the user cannot write to it.
func TestReadOnlyDir(t *testing.T) {
	t.Parallel()
	base, changes := asOrdinaryUser(t)
	dir := filepath.Join(base, "cache")
	p := startRole(t, "key", childConfig{Dir: dir}, changes...)
	p.send("put")
	p.want("put <nil>")
	for _, name := range []string{"", entriesDir} {
		name := filepath.Join(dir, name)
		if err := os.Chmod(name, 0o500); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(name, 0o700) })
	}
	p.send("get")
	p.want("get v <nil>")
	p.send("put")
	if line := p.receive(); !strings.Contains(line, "permission denied") {
		t.Errorf("written to a read-only directory: %s", line)
	}
	p.send("get")
	p.want("get v <nil>")
	p.send("status")
	p.want("status " + dir + " exists true, writable false: not writable")
}

// Without Options.Dir, the next directory is used if one is not writable.
func TestReadOnlyCandidateSkipped(t *testing.T) {
	t.Parallel()
	base, changes := asOrdinaryUser(t)
	skipped := mkdir(t, 0o700, base, "systemd", "ecr-login")
	used := filepath.Join(base, "ecr-login-"+strconv.Itoa(otherUser))
	if isRoot() {
		for _, dir := range []string{filepath.Dir(skipped), skipped} {
			if err := os.Chown(dir, otherUser, otherUser); err != nil {
				t.Fatal(err)
			}
		}
	} else {
		used = filepath.Join(base, tempName)
	}
	mkdir(t, 0o500, skipped)
	t.Cleanup(func() { _ = os.Chmod(skipped, 0o700) })
	p := startRole(t, "key", childConfig{
		Env: map[string]string{"CACHE_DIRECTORY": filepath.Dir(skipped), "TMPDIR": base},
	}, changes...)
	p.send("put")
	p.want("put <nil>")
	p.send("get")
	p.want("get v <nil>")
	p.send("status")
	p.want("status " + used + " exists true, writable true: ")
}

// If getrandom is forbidden, nothing is stored, Do still returns the fetched entry, and an entry
// that another process stored is found. The process must not crash.
func TestNoRandomBytes(t *testing.T) {
	t.Parallel()
	c := childConfig{Dir: filepath.Join(t.TempDir(), "cache")}
	p := startRole(t, "no random bytes", c)
	p.send("put")
	if line := p.receive(); !strings.Contains(line, "no random bytes: operation not permitted") {
		t.Errorf("without a sealing key: %s", line)
	}
	p.send("do")
	p.want("got fetched <nil>")
	p.send("do with failure")
	p.want("got  fetch failed")
	mustPut(t, c.disk(), "k", halfDay("v", time.Now()))
	p.send("get")
	p.want("get v <nil>")
	p.send("put")
	if line := p.receive(); !strings.Contains(line, "no random bytes: operation not permitted") {
		t.Errorf("with a sealing key: %s", line)
	}
	p.send("get")
	p.want("get v <nil>")
}
