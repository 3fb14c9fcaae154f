package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// uninstallUser is the user ID of these tests. The sealing key is in the keyring of the user, which
// other tests share.
const uninstallUser = 23456

// uninstall removes everything that the helper has written, and nothing else.
func TestUninstall(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	s := ecrtest.New(t)
	dir, err := os.MkdirTemp("", "ecr-login-uninstall-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	bin := filepath.Join(dir, "bin")
	u := newUser(t, dir, s.Env(dir, ecrtest.FromFile)).with("PATH=" + bin + ":/usr/bin:/bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	linkHelper(t, bin)
	start := func(cmd *exec.Cmd) result {
		t.Helper()
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uninstallUser, Gid: uninstallUser}}
		return finish(t, cmd)
	}
	run := func(stdin string, args ...string) result {
		t.Helper()
		cmd := u.command(stdin, args...)
		cmd.Path = filepath.Join(bin, program)
		return start(cmd)
	}
	const original = `{"auths": {"ghcr.io": {"auth": "b3RoZXI6bm90LWEtcmVhbC1wYXNzd29yZA=="}}, "credHelpers": {"210987654321.dkr.ecr.us-east-1.amazonaws.com": "desktop"}}`
	config := u.put(".docker/config.json", []byte(original))
	u.own(t)
	before := u.paths(t)
	for _, args := range [][]string{
		{"configure", host, "210987654321.dkr.ecr.us-east-1.amazonaws.com"}, {"configure", "--profile", "file", "--podman", "111122223333.dkr.ecr.us-east-1.amazonaws.com"},
	} {
		if a := run("", args...); a.code != 0 {
			t.Fatalf("%q: %+v", args, a)
		}
	}
	// An entry that was added by hand.
	text := strings.Replace(readFile(t, config), `"credHelpers": {`, `"credHelpers": {"444455556666.dkr.ecr.us-east-1.amazonaws.com": "ecr-login", `, 1)
	u.put(".docker/config.json", []byte(text))
	u.own(t)
	readLogin(t, run(host, "get"))

	dry := run("", "uninstall", "--dry-run")
	if dry.code != 0 || !strings.Contains(dry.stdout, "would remove the cache "+u.dir+"/.cache/ecr-login with 1 entry\n") ||
		!strings.Contains(dry.stdout, "would remove link "+u.dir+"/bin/"+program+"-file\n") {
		t.Errorf("%+v", dry)
	}
	readLogin(t, run(host, "get"))
	if n := s.Calls(getToken); n != 1 {
		t.Errorf("%d calls: the dry run has changed the cache", n)
	}
	if keys := start(exec.Command("cat", "/proc/keys")); !strings.Contains(keys.stdout, "ecr-login:sealing-key") {
		t.Logf("no sealing key in the keyring, which is not available:\n%s", keys.stdout)
	}
	a := run("", "uninstall")
	for _, want := range []string{
		"removed link " + u.dir + "/bin/" + program + "-file\n", "  " + host, "  444455556666.dkr.ecr.us-east-1.amazonaws.com", "210987654321.dkr.ecr.us-east-1.amazonaws.com  restored",
		"removed the cache " + u.dir + "/.cache/ecr-login with 1 entry\n", "the program stays: " + u.dir + "/bin/" + program + "; remove it with",
	} {
		if !strings.Contains(a.stdout, want) {
			t.Errorf("%q is not in\n%s", want, a.stdout)
		}
	}
	if a.code != 0 || a.stderr != "" {
		t.Errorf("exit code %d, standard error %q", a.code, a.stderr)
	}
	if got := readFile(t, config); got != original {
		t.Errorf("config.json is\n%s, want\n%s", got, original)
	}
	for path := range u.paths(t) {
		if !before[path] && path != ".cache" { // a directory of the user, not of this program
			t.Errorf("%s is left", path)
		}
	}
	// The kernel destroys an unlinked key later, so the keyring must be empty.
	if keys := start(exec.Command("cat", "/proc/keys")); strings.Contains(keys.stdout, "_uid.23456: ") && !strings.Contains(keys.stdout, "_uid.23456: empty\n") {
		t.Errorf("the sealing key is left:\n%s", keys.stdout)
	}
	if a := run("", "uninstall"); a.code != 0 || !strings.HasPrefix(a.stdout, "nothing to change\nthe program stays: ") {
		t.Errorf("the second time: %+v", a)
	}
	if a := run("", "uninstall", "--json"); a.code != 0 || !strings.Contains(a.stdout, `"entries": 0`) {
		t.Errorf("as JSON: %+v", a)
	}
}

// own makes the user of these tests the owner of the home directory, except of the programs.
func (u *user) own(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(u.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == program {
			return err
		}
		return os.Lchown(path, uninstallUser, uninstallUser)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// paths returns the paths of all files below the home directory.
func (u *user) paths(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(u.dir, func(path string, _ fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(u.dir, path)
		all[rel] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
