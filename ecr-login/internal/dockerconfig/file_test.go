package dockerconfig

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// put writes a file and creates the directories above it.
func put(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// set returns an edit that sets one helper.
func set(host string) func(*Config) error {
	return func(c *Config) error {
		c.SetHelper(host, "ecr-login", nil)
		return nil
	}
}

// names returns the names in a directory, joined by spaces.
func names(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestUpdateWritesOnlyChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "config.json"), `{"a": 1}`)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		changed, err := Update(t.Context(), path, Docker, set("h"))
		if err != nil || changed != want {
			t.Fatalf("%d: %v, %v", i, changed, err)
		}
	}
	if got, want := content(t, path), `{"a": 1, "credHelpers": {"h": "ecr-login"}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 && runtime.GOOS != "windows" {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got := names(t, dir); got != "config.json" {
		t.Errorf("the directory holds %s", got)
	}
	if got, err := Read(path, Docker); err != nil || !got.Exists || got.Path != path || got.For("h").Helper != "ecr-login" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestUpdateCreatesMissingFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "directory", "config.json")
	if c, err := Read(path, Docker); err != nil || c.Exists || len(c.Helpers()) > 0 || c.Changed() {
		t.Fatalf("%+v, %v", c, err)
	}
	if changed, err := Update(t.Context(), path, Docker, func(*Config) error { return nil }); changed || err != nil {
		t.Fatalf("nothing to do: %v, %v", changed, err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("nothing to do, and a directory was created: %v", err)
	}
	var r Record
	if _, err := Update(t.Context(), path, Docker, func(c *Config) error { c.SetHelper("h", "x", &r); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "{\n\t\"credHelpers\": {\n\t\t\"h\": \"x\"\n\t}\n}\n" {
		t.Errorf("%q", got)
	}
	for path, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700, filepath.Dir(filepath.Dir(path)): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want && runtime.GOOS != "windows" {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
	}
	if _, err := Update(t.Context(), path, Docker, func(c *Config) error { c.Undo(&r, "h"); return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(filepath.Dir(path))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("undone, but the directories exist: %v", err)
	}
}

// What other programs put into the file or its directory in the meantime stays.
func TestUndoKeepsOtherContent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		also func(t *testing.T, path string)
		want string // what is left below the directory; empty: nothing
	}{
		{"nothing", func(*testing.T, string) {}, ""},
		{"another file", func(t *testing.T, path string) { put(t, filepath.Join(filepath.Dir(path), "daemon.json"), "{}") }, "daemon.json"},
		{"another key", func(t *testing.T, path string) {
			put(t, path, strings.Replace(content(t, path), "{", `{"auths": {},`, 1))
		}, "config.json"},
		{"text behind", func(t *testing.T, path string) { put(t, path, content(t, path)+"// my notes\n") }, "config.json"},
		{"white space behind", func(t *testing.T, path string) { put(t, path, content(t, path)+"\n\t\n") }, ""},
		{"another entry", func(t *testing.T, path string) {
			put(t, path, strings.Replace(content(t, path), `"h"`, `"i": "y", "h"`, 1))
		}, "config.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "docker")
			path := filepath.Join(dir, "config.json")
			var r Record
			if _, err := Update(t.Context(), path, Docker, func(c *Config) error { c.SetHelper("h", "x", &r); return nil }); err != nil {
				t.Fatal(err)
			}
			c.also(t, path)
			if _, err := Update(t.Context(), path, Docker, func(c *Config) error { c.Undo(&r, "h"); return nil }); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(dir); c.want == "" && errors.Is(err, fs.ErrNotExist) {
				return
			}
			if got := names(t, dir); got != c.want {
				t.Errorf("left is %s, want %s", got, c.want)
			}
		})
	}
}

func TestUpdateKeepsLinks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		links map[string]string // link to target, both relative to the directory
		file  string
		there bool
	}{
		{"a file", map[string]string{"docker/config.json": "../dotfiles/config.json"}, "dotfiles/config.json", true},
		{"a chain", map[string]string{"docker/config.json": "second", "docker/second": "../dotfiles/config.json"}, "dotfiles/config.json", true},
		{"a directory", map[string]string{"docker": "dotfiles"}, "dotfiles/config.json", true},
		{"up through a linked directory", map[string]string{"docker": "deep/er", "deep/er/config.json": "../config.json"}, "deep/config.json", true},
		{"to nothing", map[string]string{"docker/config.json": "../dotfiles/config.json"}, "dotfiles/config.json", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for link, target := range c.links {
				if err := os.MkdirAll(filepath.Join(dir, "deep", "er"), 0o700); err != nil {
					t.Fatal(err)
				}
				link = filepath.Join(dir, link)
				_ = os.MkdirAll(filepath.Dir(link), 0o700)
				if err := os.Symlink(target, link); err != nil {
					t.Fatal(err)
				}
			}
			file := filepath.Join(dir, c.file)
			if c.there {
				put(t, file, "{}")
			}
			path := filepath.Join(dir, "docker", "config.json")
			var r Record
			if _, err := Update(t.Context(), path, Docker, func(c *Config) error { c.SetHelper("h", "x", &r); return nil }); err != nil {
				t.Fatal(err)
			}
			if got := content(t, file); !strings.Contains(got, `"h": "x"`) {
				t.Errorf("%s", got)
			}
			if _, err := Update(t.Context(), path, Docker, func(c *Config) error { c.Undo(&r, "h"); return nil }); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(file); (err == nil) != c.there || c.there && content(t, file) != "{}" {
				t.Errorf("undone: %v", err)
			}
			for link, target := range c.links {
				if got, err := os.Readlink(filepath.Join(dir, link)); got != target {
					t.Errorf("%s leads to %q (%v), not to %s any more", link, got, err, target)
				}
			}
		})
	}
}

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string // PATH and DIR stand for the file and its directory
	}{
		{"invalid JSON", func(t *testing.T, path string) { put(t, path, "{\n,}") }, "PATH:2: invalid JSON: invalid character ',' looking for beginning of object key string"},
		{"a directory", func(t *testing.T, path string) { put(t, filepath.Join(path, "x"), "") }, "PATH: is a directory, not a file"},
		{"a link to a directory", func(t *testing.T, path string) { _ = os.Symlink(".", path) }, "PATH: is a directory, not a file"},
		{"a link to itself", func(t *testing.T, path string) { _ = os.Symlink("config.json", path) }, "PATH: has too many links"},
		{"a read-only file", func(t *testing.T, path string) {
			put(t, path, "{}")
			_ = os.Chmod(path, 0o444)
		}, "PATH: is read-only"},
		{"a read-only directory", func(t *testing.T, path string) {
			put(t, path, "{}")
			_ = os.Chmod(filepath.Dir(path), 0o555)
			t.Cleanup(func() { _ = os.Chmod(filepath.Dir(path), 0o755) })
		}, "PATH: is in a read-only directory: DIR"},
		{"a file in place of the directory", func(t *testing.T, path string) {
			_ = os.Remove(filepath.Dir(path))
			put(t, filepath.Dir(path), "")
		}, "PATH: cannot be read: not a directory"},
		{"a large file", func(t *testing.T, path string) {
			put(t, path, "{}")
			_ = os.Truncate(path, maxFile+1)
		}, "PATH: is larger than 32 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			dir = filepath.Join(dir, "docker")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "config.json")
			c.prepare(t, path)
			before, _ := os.Lstat(path)
			changed, err := Update(t.Context(), path, Docker, set("h"))
			want := strings.NewReplacer("PATH", path, "DIR", dir).Replace(c.want)
			var problem *Error
			if changed || !errors.As(err, &problem) || err.Error() != want {
				t.Fatalf("%v, %v\nwant %s", changed, err, want)
			}
			if problem.Hint() == "" {
				t.Error("no hint what to do")
			}
			if after, _ := os.Lstat(path); before != nil && !os.SameFile(before, after) {
				t.Error("it is another file now")
			}
		})
	}
}

func TestUpdateWritesNothingAfterError(t *testing.T) {
	t.Parallel()
	path := put(t, filepath.Join(t.TempDir(), "config.json"), "{}")
	stop := errors.New("stop")
	changed, err := Update(t.Context(), path, Docker, func(c *Config) error { c.SetHelper("h", "x", nil); return stop })
	if changed || err != stop || content(t, path) != "{}" {
		t.Errorf("%v, %v, %s", changed, err, content(t, path))
	}
}

// A docker login writes the file between reading and writing, more than once.
func TestUpdateKeepsConcurrentLogins(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"{\n}", ""} {
		path := filepath.Join(t.TempDir(), "config.json")
		if before != "" {
			put(t, path, before)
		}
		logins := 0
		_, err := Update(t.Context(), path, Docker, func(c *Config) error {
			if logins < 3 {
				logins++
				put(t, path, fmt.Sprintf(`{"auths": {"login-%d.example.com": {}}}`, logins))
			}
			c.SetHelper("h", "ecr-login", nil)
			return nil
		})
		if got, want := content(t, path), `{"auths": {"login-3.example.com": {}}, "credHelpers": {"h": "ecr-login"}}`; err != nil || got != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	path := put(t, filepath.Join(t.TempDir(), "config.json"), "{}")
	logins := 0
	changed, err := Update(t.Context(), path, Docker, func(c *Config) error {
		logins++
		put(t, path, fmt.Sprintf(`{"auths": {"login-%d.example.com": {}}}`, logins))
		c.SetHelper("h", "ecr-login", nil)
		return nil
	})
	if want := path + ": is being changed by another program"; changed || err == nil || err.Error() != want {
		t.Errorf("%v, %v, want %s", changed, err, want)
	}
	if got := names(t, filepath.Dir(path)); got != "config.json" {
		t.Errorf("the directory holds %s", got)
	}
}

// Concurrent edits of a missing file in a missing directory: no entry is lost.
func TestUpdateConcurrently(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "docker", "config.json")
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if _, err := Update(t.Context(), path, Docker, set(fmt.Sprintf("h%d", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c, err := Read(path, Docker)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(c.Helpers()); got != 10 {
		t.Errorf("%d entries of 10", got)
	}
}

// A killed process leaves a temporary file, which may hold passwords. The next edit removes it.
func TestUpdateRemovesLeftoverFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "config.json"), "{}")
	left := put(t, filepath.Join(dir, tempName("config.json")), `{"auths": {}}`)
	other := put(t, filepath.Join(dir, tempName("other.json")), "{}")
	own := put(t, filepath.Join(dir, ".config.json.ecr-login-mine"), "{}")
	if _, err := Update(t.Context(), path, Docker, set("h")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary file is left: %v", err)
	}
	for _, path := range []string{path, other, own} {
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
}

// Without a lock another process may be writing: only old files are removed.
func TestSweepWithoutLock(t *testing.T) {
	t.Parallel()
	path := put(t, filepath.Join(t.TempDir(), "config.json"), "{}")
	left := put(t, filepath.Join(filepath.Dir(path), tempName("config.json")), "{}")
	target, err := locate(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := openDir(target)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.sweep(false, time.Now())
	if _, err := os.Lstat(left); err != nil {
		t.Errorf("a new file was removed: %v", err)
	}
	d.sweep(false, time.Now().Add(2*staleAfter))
	if _, err := os.Lstat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an old file is left: %v", err)
	}
}

// An edit waits for the lock of another one.
func TestUpdateWaitsForLock(t *testing.T) {
	t.Parallel()
	path := put(t, filepath.Join(t.TempDir(), "config.json"), "{}")
	target, err := locate(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := openDir(target)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	l, err := d.lock(t.Context(), lockWait)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.lock(t.Context(), lockTick); !errors.Is(err, errBusy) {
		t.Errorf("%v while the lock is held", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.lock(ended, time.Hour); !errors.Is(err, errBusy) {
		t.Errorf("%v when the time of the caller is over", err)
	}
	done := make(chan error)
	go func() {
		_, err := Update(t.Context(), path, Docker, func(c *Config) error {
			if l.flock.Locked() {
				t.Error("an edit while the lock is held")
			}
			return set("h")(c)
		})
		done <- err
	}()
	runtime.Gosched()
	l.unlock()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A directory that was removed and created again is another one: its lock is no protection.
func TestLockNoticesNewDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "docker")
	path := put(t, filepath.Join(dir, "config.json"), "{}")
	target, err := locate(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := openDir(target)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := os.Rename(dir, dir+"-old"); err != nil {
		t.Fatal(err)
	}
	put(t, path, "{}")
	if _, err := d.lock(t.Context(), lockWait); !errors.Is(err, errRetry) {
		t.Errorf("%v", err)
	}
}

// The new file has mode 0600 from its first byte.
func TestNewFileIsPrivate(t *testing.T) {
	t.Parallel()
	path := put(t, filepath.Join(t.TempDir(), "config.json"), "{}")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	target, err := locate(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := openDir(target)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	temp := tempName(d.base)
	if err := d.create(temp, nil, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	if info, err := d.Lstat(temp); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("%v, %v", info, err)
	}
}

// Hints are commands: paths in them are quoted for a shell.
func TestHintQuotesPath(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes are Unix's")
	}
	dir := filepath.Join(t.TempDir(), "a b'c")
	path := put(t, filepath.Join(dir, "config.json"), "{}")
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	_, err := Update(t.Context(), path, Docker, set("h"))
	var problem *Error
	if want := "chmod u+w '" + strings.Replace(path, "'", `'\''`, 1) + "'"; !errors.As(err, &problem) || problem.Advice != want {
		t.Errorf("%v, want %s", problem, want)
	}
}
