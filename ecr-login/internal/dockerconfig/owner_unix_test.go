//go:build unix

package dockerconfig

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// otherUser is a user without any rights.
const otherUser = 65534

// give makes the other user own files.
func give(t testing.TB, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Lchown(path, otherUser, otherUser); err != nil {
			t.Fatal(err)
		}
	}
}

func link(t testing.TB, target, path string) string {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// needsRoot skips a test that gives files to another user.
func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can change the owner of a file")
	}
}

// Root edits nothing that another user can change, and follows no link that one can replace.
func TestRootRefusesWhatOthersCanChange(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	const asNobody = "run the command as that user: sudo -u nobody"
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, home, roots string) (path string)
		message string // HOME and ROOTS stand for the directories
		advice  string
	}{
		{"another user's home", func(t *testing.T, home, _ string) string {
			give(t, home)
			return put(t, filepath.Join(home, "config.json"), "{}")
		}, "is not edited by root, because nobody (user ID 65534) can change HOME", asNobody},
		{"a missing file in it", func(t *testing.T, home, _ string) string {
			give(t, home)
			return filepath.Join(home, ".docker", "config.json")
		}, "is not edited by root, because nobody (user ID 65534) can change HOME", asNobody},
		{"another user's file", func(t *testing.T, home, _ string) string {
			path := put(t, filepath.Join(home, "config.json"), "{}")
			give(t, path)
			return path
		}, "is not edited by root, because nobody (user ID 65534) can change HOME/config.json", asNobody},
		{"their link to root's file", func(t *testing.T, home, roots string) string {
			give(t, home, link(t, filepath.Join(roots, "secret"), filepath.Join(home, "config.json")))
			return filepath.Join(home, "config.json")
		}, "is reached through HOME/config.json, a link that another user owns: nobody (user ID 65534)", "remove the link, or name another file"},
		{"root's link in their home", func(t *testing.T, home, roots string) string {
			give(t, home)
			return link(t, filepath.Join(roots, "secret"), filepath.Join(home, "config.json"))
		}, "is not edited by root, because nobody (user ID 65534) can change HOME", asNobody},
		{"their link to nothing", func(t *testing.T, home, roots string) string {
			give(t, home, link(t, filepath.Join(roots, "new"), filepath.Join(home, "config.json")))
			return filepath.Join(home, "config.json")
		}, "is reached through HOME/config.json, a link that another user owns: nobody (user ID 65534)", "remove the link, or name another file"},
		{"their link in the path", func(t *testing.T, home, roots string) string {
			give(t, home, link(t, roots, filepath.Join(home, ".docker")))
			return filepath.Join(home, ".docker", "secret")
		}, "is reached through HOME/.docker, a link that another user owns: nobody (user ID 65534)", "remove the link, or name another file"},
		{"a directory that everybody can write to", func(t *testing.T, home, _ string) string {
			if err := os.Chmod(home, 0o777); err != nil {
				t.Fatal(err)
			}
			return put(t, filepath.Join(home, "config.json"), "{}")
		}, "is not edited by root, because every user can write to HOME", "chmod go-w HOME"},
		{"a directory of a group", func(t *testing.T, home, _ string) string {
			if err := errors.Join(os.Chown(home, 0, 4321), os.Chmod(home, 0o770)); err != nil {
				t.Fatal(err)
			}
			return put(t, filepath.Join(home, "config.json"), "{}")
		}, "is not edited by root, because its group (group ID 4321) can write to HOME", "chmod go-w HOME"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			home, roots := filepath.Join(top, "home"), filepath.Join(top, "roots")
			secret := put(t, filepath.Join(roots, "secret"), `{"auths": {"h": {}}}`)
			if err := os.Mkdir(home, 0o755); err != nil {
				t.Fatal(err)
			}
			path := c.prepare(t, home, roots)
			changed, err := Update(t.Context(), path, Docker, set("h"))
			var problem *Error
			expand := strings.NewReplacer("HOME", home, "ROOTS", roots)
			if changed || !errors.As(err, &problem) || !problem.Unsafe || problem.Message != expand.Replace(c.message) || problem.Advice != expand.Replace(c.advice) {
				t.Fatalf("%v, %#v", changed, err)
			}
			if problem.RunAs != "" != strings.HasPrefix(c.advice, "run ") {
				t.Errorf("run as %q", problem.RunAs)
			}
			if content(t, secret) != `{"auths": {"h": {}}}` || names(t, roots) != "secret" {
				t.Errorf("root's directory: %s", names(t, roots))
			}
		})
	}
}

// Root edits its own files, also below a sticky directory such as /tmp and through its own links.
func TestRootEditsItsOwnFiles(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	top := t.TempDir()
	if err := os.Chmod(top, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(top, "dotfiles", "config.json"), "{}")
	path := link(t, "dotfiles/config.json", filepath.Join(top, "config.json"))
	for _, path := range []string{path, filepath.Join(top, "new", "config.json")} {
		if changed, err := Update(t.Context(), path, Docker, set("h")); !changed || err != nil {
			t.Errorf("%s: %v, %v", path, changed, err)
		}
	}
}

// The group of a file stays.
func TestUpdateKeepsGroup(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	path := put(t, filepath.Join(t.TempDir(), "config.json"), "{}")
	if err := errors.Join(os.Chown(path, 0, 4321), os.Chmod(path, 0o640)); err != nil {
		t.Fatal(err)
	}
	if _, err := Update(t.Context(), path, Docker, set("h")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if st := info.Sys().(*syscall.Stat_t); st.Gid != 4321 || info.Mode().Perm() != 0o640 {
		t.Errorf("group %d, mode %v", st.Gid, info.Mode())
	}
}

// The other user exchanges the file, or its directory, for a link to root's all the time. Root's
// secret is never read, and nothing is written beside it.
func TestLinksExchangedDuringUpdate(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	const secret = `{"auths": {"secret.example.com": {}}}`
	for _, exchanged := range []string{"config.json", ".docker"} {
		t.Run(exchanged, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			home, roots := filepath.Join(top, "home"), filepath.Join(top, "roots")
			put(t, filepath.Join(roots, "config.json"), secret)
			path := put(t, filepath.Join(home, ".docker", "config.json"), "{}")
			at := filepath.Join(filepath.Dir(path), "..", exchanged)
			target := roots
			if exchanged == "config.json" {
				at, target = path, filepath.Join(roots, "config.json")
			}
			bad := link(t, target, filepath.Join(home, "bad"))
			give(t, home, filepath.Dir(path), path, bad)

			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(stopped)
				for {
					select {
					case <-stop:
						return
					default:
						_ = exchange(at, bad)
					}
				}
			}()
			for range 500 {
				c, err := Read(path, Docker)
				if err == nil && len(c.Auths()) > 0 {
					t.Error("the secret was read through a link of another user")
					break
				}
				if changed, _ := Update(t.Context(), path, Docker, set("h")); changed {
					t.Error("root edited a file of another user")
					break
				}
			}
			close(stop)
			<-stopped
			if content(t, filepath.Join(roots, "config.json")) != secret || names(t, roots) != "config.json" {
				t.Errorf("root's directory holds %s", names(t, roots))
			}
		})
	}
}

// A pipe, or an endless device behind a link, is refused at once.
func TestReadRefusesSpecialFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, link(t, "/dev/zero", filepath.Join(dir, "zero")), link(t, fifo, filepath.Join(dir, "link"))} {
		if _, err := Read(path, Docker); err == nil || err.Error() != path+": is not a regular file" {
			t.Errorf("%v", err)
		}
		j, unlock, err := OpenJournal(path, true)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.PutLinks([]string{"/bin/link"}); err == nil {
			t.Errorf("the journal was written to %s", path)
		}
		unlock()
		if info, err := os.Stat(path); err != nil || info.Mode().IsRegular() {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}

// Root does not use a journal that another user can change: its records name links and directories
// to remove.
func TestJournalOfAnotherUser(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	home := t.TempDir()
	path := put(t, filepath.Join(home, "state", "configured.json"), `{"version": 1, "links": ["/usr/bin/docker-credential-ecr-login-x"]}`)
	for _, owned := range []string{path, filepath.Dir(path), home} {
		give(t, owned)
		for _, write := range []bool{false, true} {
			if _, _, err := OpenJournal(path, write); err == nil || !strings.Contains(err.Error(), "is not edited by root, because nobody (user ID 65534) can change "+owned) {
				t.Errorf("%s: %v", owned, err)
			}
		}
		if err := os.Chown(owned, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, unlock := openJournal(t, path, true); unlock != nil {
		unlock()
	}
}

// A file is replaced while others read it: they see the old text or the new one.
func TestReadDuringUpdate(t *testing.T) {
	t.Parallel()
	path := put(t, filepath.Join(t.TempDir(), "config.json"), "{}")
	done := make(chan error)
	go func() {
		var err error
		for i := 0; i < 100 && err == nil; i++ {
			_, err = Update(t.Context(), path, Docker, set(time.Duration(i).String()))
		}
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
			if c, err := Read(path, Docker); err != nil || !c.Exists {
				t.Errorf("%+v, %v", c, err)
				<-done
				return
			}
		}
	}
}

// MakePrivate changes the file itself, through the user's own link, and root refuses the file of
// another user.
func TestMakePrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "file"), "{}")
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	if err := MakePrivate(link(t, "file", filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := MakePrivate(filepath.Join(dir, "missing")); err == nil {
		t.Error("a missing file is no error")
	}
	if os.Geteuid() != 0 {
		return
	}
	secret := put(t, filepath.Join(dir, "secret"), "{}")
	others := link(t, secret, filepath.Join(dir, "others"))
	give(t, others)
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := MakePrivate(others); err == nil {
		t.Error("the link of another user was followed")
	}
	give(t, dir)
	if err := MakePrivate(path); err == nil {
		t.Error("a file was changed in the directory of another user")
	}
}
