package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// corpus returns the config.json files of the tests of internal/dockerconfig, by name. Docker
// refuses those whose names begin with "broken".
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../internal/dockerconfig/testdata/configs/*.json")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files of the corpus: %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = text
	}
	return all
}

// newDockerUser returns a user of docker with an access key in the environment, which AWS does not
// know, and no region.
func newDockerUser(t testing.TB) *user {
	t.Helper()
	dir := t.TempDir()
	return newUser(t, dir, []string{"HOME=" + dir, "PATH=" + filepath.Dir(helper), "AWS_ACCESS_KEY_ID=not-a-key", "AWS_SECRET_ACCESS_KEY=not-a-secret"})
}

// put writes a file below the home directory.
func (u *user) put(name string, text []byte) string {
	u.t.Helper()
	path := filepath.Join(u.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		u.t.Fatal(err)
	}
	return path
}

// tree returns everything below the home directory: modes, the targets of links, the text of files.
func (u *user) tree() map[string]string {
	u.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(u.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		what := info.Mode().String()
		switch {
		case info.Mode().IsRegular():
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what += " " + string(text)
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			what += " " + target
		}
		all[strings.TrimPrefix(path, u.dir)] = what
		return nil
	})
	if err != nil {
		u.t.Fatal(err)
	}
	return all
}

// wantTree fails unless the home directory is as it was when tree returned want.
func (u *user) wantTree(want map[string]string, when string) {
	u.t.Helper()
	got := u.tree()
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if got[path] != want[path] {
			u.t.Errorf("%s, %s is\n%q, want\n%q", when, path, got[path], want[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[path]; !ok {
			u.t.Errorf("%s, %s exists", when, path)
		}
	}
}

// roundTrip runs configure twice and then unconfigure: everything is as it was.
func (u *user) roundTrip(path string, flags ...string) {
	u.t.Helper()
	before := u.tree()
	if a := u.run("", append([]string{"configure", host}, flags...)...); a.code != 0 || a.stderr != "" {
		u.t.Fatalf("configure: %+v", a)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), `"ecr-login"`) {
		u.t.Errorf("no entry for the helper in (%v)\n%s", err, text)
	}
	configured := u.tree()
	a := u.run("", append([]string{"configure", host}, flags...)...)
	if !strings.HasSuffix(a.stdout, "nothing to change\n") || a.code != 0 {
		u.t.Errorf("configure again: %+v", a)
	}
	u.wantTree(configured, "after configure again")
	if a := u.run("", "unconfigure"); a.code != 0 || a.stderr != "" {
		u.t.Fatalf("unconfigure: %+v", a)
	}
	u.wantTree(before, "after unconfigure")
}

// Every file of the corpus is the same after configure and unconfigure. A file that docker refuses
// is not edited.
func TestUnconfigureRestoresEveryByte(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newDockerUser(t)
			path := u.put(".docker/config.json", text)
			if !strings.HasPrefix(name, "broken-") {
				u.roundTrip(path)
				return
			}
			before := u.tree()
			for _, args := range [][]string{{"configure", host}, {"configure", "--dry-run", host}} {
				a := u.run("", args...)
				if a.code != 1 || !strings.HasPrefix(a.stderr, program+": "+path+":") || !strings.Contains(a.stderr, "\n"+program+": hint: ") {
					t.Errorf("%q: %+v", args, a)
				}
				u.wantTree(before, "refused")
			}
		})
	}
}

// The same for links, missing files and other places.
func TestUnconfigureRestoresEveryPlace(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	text := []byte("{\n  \"auths\": {}\n}\n")
	link := func(u *user, target, name string) {
		u.t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(u.dir, name)), 0o700); err != nil {
			u.t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(u.dir, name)); err != nil {
			u.t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name    string
		prepare func(u *user) *user
		path    string
		flags   []string
	}{
		{"no directory", func(u *user) *user { return u }, ".docker/config.json", nil},
		{"no file", func(u *user) *user { u.put(".docker/daemon.json", text); return u }, ".docker/config.json", nil},
		{"another directory, nested", func(u *user) *user { return u.with("DOCKER_CONFIG=" + filepath.Join(u.dir, "a", "b", "c")) }, "a/b/c/config.json", nil},
		{"a relative directory", func(u *user) *user { return u.with("DOCKER_CONFIG=conf") }, "conf/config.json", nil},
		{"a link", func(u *user) *user {
			u.put("dotfiles/docker.json", text)
			link(u, "../dotfiles/docker.json", ".docker/config.json")
			return u
		}, "dotfiles/docker.json", nil},
		{"a link to nothing", func(u *user) *user {
			link(u, filepath.Join(u.dir, "dotfiles", "docker.json"), ".docker/config.json")
			return u
		}, "dotfiles/docker.json", nil},
		{"a link to a directory", func(u *user) *user {
			u.put("dotfiles/config.json", text)
			link(u, "dotfiles", ".docker")
			return u
		}, "dotfiles/config.json", nil},
		{"others may read it", func(u *user) *user {
			if err := os.Chmod(u.put(".docker/config.json", text), 0o644); err != nil {
				u.t.Fatal(err)
			}
			return u
		}, ".docker/config.json", nil},
		{"podman", func(u *user) *user { return u }, ".config/containers/auth.json", []string{"--podman"}},
		{"podman's own file", func(u *user) *user {
			u.put("auth.json", []byte(`{"auths": {}, "credHelpers": { }}`))
			return u.with("REGISTRY_AUTH_FILE=" + filepath.Join(u.dir, "auth.json"))
		}, "auth.json", []string{"--podman"}},
		{"podman in a session", func(u *user) *user {
			u.put("run/containers/auth.json", []byte("{\n\t\"auths\": {}\n}"))
			return u
		}, ".config/containers/auth.json", []string{"--podman"}},
		{"a profile", func(u *user) *user {
			bin := filepath.Join(u.dir, "bin")
			if err := os.Mkdir(bin, 0o755); err != nil {
				u.t.Fatal(err)
			}
			return u.with("PATH=" + bin)
		}, ".docker/config.json", []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := c.prepare(newDockerUser(t))
			u.t = t
			if c.name == "a profile" {
				u.roundTripOfProfile()
				return
			}
			u.roundTrip(filepath.Join(u.dir, c.path), c.flags...)
		})
	}
}

// roundTripOfProfile creates a link in the user's own directory on PATH, and removes it.
func (u *user) roundTripOfProfile() {
	u.t.Helper()
	u.put(".aws/config", []byte("[profile prod]\n"))
	before := u.tree()
	if a := u.run("", "configure", "--profile", "prod", host); a.code != 0 || a.stderr != "" {
		u.t.Fatalf("configure: %+v", a)
	}
	link := filepath.Join(u.dir, "bin", program+"-prod")
	if target, err := os.Readlink(link); err != nil || target != helper {
		u.t.Errorf("the link leads to %q (%v), want %q", target, err, helper)
	}
	if a := u.run("", "unconfigure"); a.code != 0 || a.stderr != "" {
		u.t.Fatalf("unconfigure: %+v", a)
	}
	u.wantTree(before, "after unconfigure")
}

// A file that must not be written is refused with a hint, and nothing is created.
func TestConfigureRefuses(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes and links are Unix's")
	}
	for _, c := range []struct {
		name    string
		prepare func(u *user)
		want    string // of standard error; PATH and DIR stand for the file and its directory
	}{
		{"a read-only file", func(u *user) { _ = os.Chmod(u.put(".docker/config.json", []byte("{}")), 0o400) }, "PATH: is read-only\nhint: chmod u+w PATH"},
		{"a read-only directory", func(u *user) { _ = os.Chmod(filepath.Dir(u.put(".docker/config.json", []byte("{}"))), 0o500) },
			"PATH: is in a read-only directory: DIR\nhint: chmod u+w DIR, or set DOCKER_CONFIG or REGISTRY_AUTH_FILE to another place"},
		{"a directory", func(u *user) { u.put(".docker/config.json/x", nil) }, "PATH: is a directory, not a file\nhint: move the directory away; a container engine creates one when it mounts a missing file"},
		{"a broken link", func(u *user) {
			u.put(".docker/x", nil)
			_ = os.Symlink("config.json", filepath.Join(u.dir, ".docker", "config.json"))
		}, "PATH: has too many links\nhint: remove the link PATH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := newDockerUser(t)
			c.prepare(u)
			dir := filepath.Join(u.dir, ".docker")
			t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
			before := u.tree()
			a := u.run("", "configure", host)
			want := program + ": " + strings.ReplaceAll(c.want, "\n", "\n"+program+": ") + "\n"
			want = strings.NewReplacer("PATH", filepath.Join(dir, "config.json"), "DIR", dir).Replace(want)
			if a.code != 1 || a.stderr != want || a.stdout != "" {
				t.Errorf("%+v\nwant %s", a, want)
			}
			u.wantTree(before, "refused")
		})
	}
}

// Concurrent runs lose no entry, and the journal records all of them.
func TestConfigureConcurrently(t *testing.T) {
	t.Parallel()
	u := newDockerUser(t)
	before := u.tree()
	const n = 8
	done := make(chan result)
	for i := range n {
		go func() {
			done <- finish(t, u.command("", "configure", fmt.Sprintf("%012d.dkr.ecr.eu-west-1.amazonaws.com", i)))
		}()
	}
	for range n {
		if a := <-done; a.code != 0 || a.stderr != "" {
			t.Errorf("%+v", a)
		}
	}
	text, err := os.ReadFile(filepath.Join(u.dir, ".docker", "config.json"))
	if err != nil || strings.Count(string(text), `"ecr-login"`) != n {
		t.Errorf("%v, not %d entries in\n%s", err, n, text)
	}
	if a := u.run("", "unconfigure"); a.code != 0 || a.stderr != "" {
		t.Errorf("unconfigure: %+v", a)
	}
	u.wantTree(before, "after unconfigure")
}
