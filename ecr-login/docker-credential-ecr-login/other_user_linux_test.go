package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// asStranger is a user without any rights, whose home folder is theirs, and a copy of the helper that they may start.
func asStranger(t *testing.T) *user {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	dir, err := os.MkdirTemp("", "ecr-login-stranger-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	u := newUser(t, dir, []string{"HOME=" + dir, "PATH=" + dir})
	in, err := os.Open(helper)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(filepath.Join(dir, program), os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o755, filepath.Join(dir, program): 0o755} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	give(t, dir)
	return u
}

// give gives a file to the stranger.
func give(t *testing.T, path string) {
	t.Helper()
	if err := os.Chown(path, otherUser, otherUser); err != nil {
		t.Fatal(err)
	}
}

func (u *user) asStranger(args ...string) answer {
	u.t.Helper()
	cmd := exec.Command(filepath.Join(u.dir, program), args...)
	cmd.Env, cmd.Dir = u.env, u.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: otherUser, Gid: otherUser}}
	return finish(u.t, cmd)
}

// What is somebody else's is not edited, although whoever owns the folder could replace any file in it.
func TestConfigureLeavesOthersFilesAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir, path string)
		want    string // PATH and DIR stand for the file and its folder
	}{
		{"root's file", func(t *testing.T, dir, path string) {
			give(t, dir)
			_ = os.Chmod(path, 0o644)
		}, "PATH: belongs to another user: user ID 0 owns it, this is user ID 65534\nhint: run this as its owner"},
		{"root's private file", func(t *testing.T, dir, path string) { give(t, dir) },
			"PATH: cannot be read: permission denied\nhint: make it readable for this user: user ID 0 owns it, this is user ID 65534"},
		{"root's folder", func(t *testing.T, dir, path string) {
			give(t, path)
			_ = os.Chmod(dir, 0o755)
		}, "PATH: lies in a folder that is read-only: DIR\nhint: chmod u+w DIR, or name another one with DOCKER_CONFIG or REGISTRY_AUTH_FILE"},
		{"root's private folder", func(t *testing.T, dir, path string) {},
			"PATH: cannot be read: permission denied\nhint: look at the owners and modes of the file and the folders above it"},
		{"a read-only file of one's own", func(t *testing.T, dir, path string) {
			give(t, dir)
			give(t, path)
			_ = os.Chmod(path, 0o400)
		}, "PATH: is read-only\nhint: chmod u+w PATH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := asStranger(t)
			path := u.put(".docker/config.json", []byte("{}"))
			dir := filepath.Dir(path)
			c.prepare(t, dir, path)
			before := u.tree()
			a := u.asStranger("configure", host)
			want := program + ": " + strings.ReplaceAll(c.want, "\n", "\n"+program+": ") + "\n"
			want = strings.NewReplacer("PATH", path, "DIR", dir).Replace(want)
			if a.code != 1 || a.stderr != want || a.stdout != "" {
				t.Errorf("%+v\nwant %s", a, want)
			}
			u.wantTree(before, "refused")
		})
	}
}

// Root who configures in somebody's home (sudo keeps HOME on some systems) leaves nothing there that is root's.
func TestConfigureByRootLeavesTheOwner(t *testing.T) {
	t.Parallel()
	u := asStranger(t)
	if a := u.run("", "configure", host); a.code != 0 {
		t.Fatalf("%+v", a)
	}
	for _, name := range []string{".docker", ".docker/config.json", ".local", ".local/state/ecr-login/configured.json"} {
		info, err := os.Stat(filepath.Join(u.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != otherUser {
			t.Errorf("%s belongs to user ID %d", name, st.Uid)
		}
	}
	if a := u.asStranger("unconfigure"); a.code != 0 || a.stderr != "" {
		t.Errorf("%+v", a)
	}
}

// refresh ignores the auth.json of another user's podman, such as root's in /run/containers.
func TestRefreshIgnoresAnotherUsersPodman(t *testing.T) {
	t.Parallel()
	u := asStranger(t)
	if err := os.Mkdir(filepath.Join(u.dir, "run", "containers"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(u.dir, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := answer{"nothing to refresh: no client is configured for this helper, and the cache is empty\n", "", 0}
	if a := u.asStranger("refresh"); a != want {
		t.Errorf("%+v, want %+v", a, want)
	}
}
