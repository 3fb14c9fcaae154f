package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// newOtherUser returns a user without any rights, with a home directory and a copy of the helper.
func newOtherUser(t *testing.T) *user {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can start a process as another user")
	}
	dir, err := os.MkdirTemp("", "ecr-login-other-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	u := newUser(t, dir, []string{"HOME=" + dir, "PATH=" + dir, "AWS_ACCESS_KEY_ID=not-a-key", "AWS_SECRET_ACCESS_KEY=not-a-secret"})
	linkHelper(t, dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	give(t, dir)
	return u
}

// linkHelper creates a hard link to the helper in a directory. A copy could not be started while
// another test starts a process, which inherits the open file for a moment ("text file busy").
func linkHelper(t *testing.T, dir string) {
	t.Helper()
	if err := os.Link(helper, filepath.Join(dir, program)); err != nil {
		t.Fatal(err)
	}
}

// give makes the other user the owner of a file.
func give(t *testing.T, path string) {
	t.Helper()
	if err := os.Chown(path, otherUser, otherUser); err != nil {
		t.Fatal(err)
	}
}

// asOtherUser runs the helper as the other user.
func (u *user) asOtherUser(args ...string) result {
	u.t.Helper()
	cmd := exec.Command(filepath.Join(u.dir, program), args...)
	cmd.Env, cmd.Dir = u.env, u.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: otherUser, Gid: otherUser}}
	return finish(u.t, cmd)
}

// A file of another user is not edited, although the owner of the directory could replace it.
func TestConfigureRefusesOtherUsersFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir, path string)
		want    string // PATH and DIR stand for the file and its directory
	}{
		{"root's file", func(t *testing.T, dir, path string) {
			give(t, dir)
			_ = os.Chmod(path, 0o644)
		}, "PATH: is owned by another user: root (user ID 0)\nhint: run the command as the owner, or change the owner: sudo chown $(id -u) PATH"},
		{"root's private file", func(t *testing.T, dir, path string) { give(t, dir) },
			"PATH: cannot be read: permission denied\nhint: make the file readable for this user; its owner is root (user ID 0)"},
		{"root's directory", func(t *testing.T, dir, path string) {
			give(t, path)
			_ = os.Chmod(dir, 0o755)
		}, "PATH: is in a read-only directory: DIR\nhint: sudo chown -R $(id -u) DIR, or set DOCKER_CONFIG or REGISTRY_AUTH_FILE to another place"},
		{"root's private directory", func(t *testing.T, dir, path string) {},
			"PATH: cannot be read: permission denied\nhint: check the owner and the mode of the file and of the directories above it"},
		{"a read-only file of one's own", func(t *testing.T, dir, path string) {
			give(t, dir)
			give(t, path)
			_ = os.Chmod(path, 0o400)
		}, "PATH: is read-only\nhint: chmod u+w PATH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := newOtherUser(t)
			path := u.put(".docker/config.json", []byte("{}"))
			dir := filepath.Dir(path)
			c.prepare(t, dir, path)
			before := u.tree()
			a := u.asOtherUser("configure", host)
			want := program + ": " + strings.ReplaceAll(c.want, "\n", "\n"+program+": ") + "\n"
			want = strings.NewReplacer("PATH", path, "DIR", dir).Replace(want)
			if a.code != 1 || a.stderr != want || a.stdout != "" {
				t.Errorf("%+v\nwant %s", a, want)
			}
			u.wantTree(before, "refused")
		})
	}
}

// Root edits nothing in the home of another user (sudo keeps HOME on some systems), and names the
// command to run instead.
func TestRootRefusesAnotherUsersHome(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"configure", "unconfigure"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			u := newOtherUser(t)
			before := u.tree()
			a := u.run("", command, "--podman", "https://"+host+"/team/app x")
			want := program + ": " + u.dir + "/.local/state/ecr-login/configured.json: is not edited by root, because nobody (user ID 65534) can change " + u.dir +
				"\n" + program + ": hint: run: sudo -u nobody " + program + " " + command + " --podman 'https://" + host + "/team/app x'\n"
			if a.code != 1 || a.stderr != want || a.stdout != "" {
				t.Errorf("%+v\nwant %s", a, want)
			}
			u.wantTree(before, "refused")
			if a := u.asOtherUser("configure", host); a.code != 0 {
				t.Errorf("as the owner: %+v", a)
			}
			if a := u.asOtherUser("unconfigure"); a.code != 0 || a.stderr != "" {
				t.Errorf("as the owner: %+v", a)
			}
			u.wantTree(before, "undone by the owner")
		})
	}
}

// The same holds for each file that another user's environment names: their files stay as they are,
// and root's file behind their link is neither edited nor copied.
func TestRootRefusesAnotherUsersFiles(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"DOCKER_CONFIG", "REGISTRY_AUTH_FILE"} {
		for _, kind := range []string{"file", "link", "link to nothing"} {
			t.Run(variable+" "+kind, func(t *testing.T) {
				t.Parallel()
				other := newOtherUser(t)
				root := newDockerUser(t)
				secret := root.put("daemon.json", []byte(`{"auths": {}}`))
				path := filepath.Join(other.dir, "config.json")
				target := map[string]string{"link": secret, "link to nothing": filepath.Join(root.dir, "new.json")}[kind]
				if target == "" {
					give(t, other.put("config.json", []byte("{}")))
				} else if err := os.Symlink(target, path); err != nil {
					t.Fatal(err)
				} else if err := os.Lchown(path, otherUser, otherUser); err != nil {
					t.Fatal(err)
				}
				value := path
				args := []string{"configure", "--podman", host}
				if variable == "DOCKER_CONFIG" {
					value, args = other.dir, []string{"configure", host}
				} else {
					root.put(".docker/config.json", []byte(`{"credHelpers": {"`+host+`": "ecr-login"}}`))
				}
				before, beforeRoot := other.tree(), root.tree()
				a := root.with(variable+"="+value).run("", args...)
				if a.code != 1 || !strings.Contains(a.stderr, path+": is ") || strings.Contains(a.stdout, "added") {
					t.Errorf("%+v", a)
				}
				other.wantTree(before, "refused")
				root.wantTree(beforeRoot, "refused")
			})
		}
	}
}

// A journal of another user cannot make root remove the link of a profile.
func TestRootIgnoresAnotherUsersJournal(t *testing.T) {
	t.Parallel()
	other := newOtherUser(t)
	root := newDockerUser(t)
	link := filepath.Join(root.dir, program+"-prod")
	if err := os.Symlink(helper, link); err != nil {
		t.Fatal(err)
	}
	give(t, other.put("ecr-login/configured.json", []byte(`{"version": 1, "links": ["`+link+`"]}`)))
	give(t, filepath.Join(other.dir, "ecr-login"))
	a := root.with("XDG_STATE_HOME="+other.dir).run("", "unconfigure")
	if _, err := os.Lstat(link); err != nil || a.code != 1 {
		t.Errorf("%v, %+v", err, a)
	}
}

// refresh ignores the auth.json of another user's podman, such as root's in /run/containers.
func TestRefreshIgnoresAnotherUsersPodman(t *testing.T) {
	t.Parallel()
	u := newOtherUser(t)
	if err := os.Mkdir(filepath.Join(u.dir, "run", "containers"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(u.dir, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := result{"nothing to refresh: no client is configured for this helper, and the cache is empty\n", "", 0}
	if a := u.asOtherUser("refresh"); a != want {
		t.Errorf("%+v, want %+v", a, want)
	}
}

// uninstall ignores the files of another user's podman, too, and prints what it removed before an
// error.
func TestUninstallBesideAnotherUser(t *testing.T) {
	t.Parallel()
	u := newOtherUser(t)
	for _, dir := range []string{"run/containers", ".docker", ".local", ".cache/ecr-login"} {
		if err := os.MkdirAll(filepath.Join(u.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"run", ".cache"} { // root's
		if err := os.Chmod(filepath.Join(u.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	give(t, filepath.Join(u.dir, ".docker"))
	give(t, filepath.Join(u.dir, ".local"))
	give(t, filepath.Join(u.dir, ".cache", "ecr-login"))
	if a := u.asOtherUser("configure", host); a.code != 0 {
		t.Fatalf("%+v", a)
	}
	if a := u.asOtherUser("uninstall", "--dry-run"); a.code != 0 || a.stderr != "" {
		t.Errorf("%+v", a)
	}
	a := u.asOtherUser("uninstall", "--json")
	var printed struct {
		Files []struct{ Removed bool }
	}
	if err := json.Unmarshal([]byte(a.stdout), &printed); err != nil || len(printed.Files) != 1 || !printed.Files[0].Removed {
		t.Errorf("%v, %+v", err, a)
	}
	if a.code != 1 || !strings.HasPrefix(a.stderr, program+": cannot remove the cache: ") {
		t.Errorf("%+v", a)
	}
}
