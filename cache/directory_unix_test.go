//go:build unix

package cache

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// otherUser is the ID of a user that usually does not exist.
const otherUser = 54321

func mkdir(t testing.TB, mode os.FileMode, elem ...string) string {
	t.Helper()
	path := filepath.Join(elem...)
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// tempName is the name of the cache directory inside the temporary directory.
var tempName = "ecr-login-" + strconv.Itoa(os.Geteuid())

// userCacheName is the user's cache directory below the home directory.
var userCacheName = map[bool]string{true: "Library/Caches", false: ".cache"}[runtime.GOOS == "darwin"]

func TestCandidateOrder(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	at := func(elem ...string) string { return filepath.Join(append([]string{base}, elem...)...) }
	env := []string{
		"CACHE_DIRECTORY", at("systemd") + ":" + at("second"),
		"XDG_CACHE_HOME", at("xdg"),
		"HOME", at("home"),
		"XDG_RUNTIME_DIR", at("run"),
		"TMPDIR", at("tmp"),
	}
	d := Open(Options{Name: "ecr-login", Environ: environ(env...)})
	d.systemDir = at("var")
	user := at("xdg", "ecr-login")
	if runtime.GOOS == "darwin" {
		user = at("home", userCacheName, "ecr-login")
	}
	want := []string{at("systemd", "ecr-login"), user}
	if isRoot() {
		want = append(want, at("var"))
	}
	want = append(want, at("run", "ecr-login"), at("tmp", tempName))
	var got []string
	for c := range d.candidates {
		got = append(got, c.path)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFirstCandidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		dir  string
		env  []string
		want string // the first candidate
	}{
		{"empty environment", "", nil, "/tmp/" + tempName},
		{"a directory that systemd created for the program", "", []string{"CACHE_DIRECTORY", "/var/cache/ecr-login"}, "/var/cache/ecr-login"},
		{"home directory", "", []string{"HOME", "/home/x"}, filepath.Join("/home/x", userCacheName, "ecr-login")},
		{"relative paths are ignored", "", []string{"CACHE_DIRECTORY", "a", "XDG_CACHE_HOME", "b", "XDG_RUNTIME_DIR", "c", "TMPDIR", "/t"}, "/t/" + tempName},
		{"a relative XDG_CACHE_HOME is ignored", "", []string{"XDG_CACHE_HOME", "b", "HOME", "/home/x"}, filepath.Join("/home/x", userCacheName, "ecr-login")},
		{"Options.Dir", "/explicit", []string{"HOME", "/home/x", "CACHE_DIRECTORY", "/y"}, "/explicit"},
	} {
		d := Open(Options{Name: "ecr-login", Environ: environ(c.env...), Dir: c.dir})
		d.systemDir = ""
		list := slices.Collect(d.candidates)
		if list[0].path != c.want {
			t.Errorf("%s: %q, want %q", c.name, list[0].path, c.want)
		}
		if c.dir != "" && len(list) != 1 {
			t.Errorf("%s: %d other candidates", c.name, len(list)-1)
		}
	}
}

// A Put creates the directory that is used, and a Get finds the entry there. Directories that are
// not used do not change.
func TestUsedDirectory(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		root  bool // needs root to set up
		setup func(t *testing.T, base string) (dir string, env []string)
		want  string // below base; "" means none
	}{
		{name: "the first that can be created", setup: func(t *testing.T, base string) (string, []string) {
			return "", []string{"HOME", mkdir(t, 0o700, base, "home"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "home/" + userCacheName + "/ecr-login"},
		{name: "one that can be created before one that exists", setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o700, base, "run", "ecr-login")
			return "", []string{"HOME", mkdir(t, 0o700, base, "home"), "XDG_RUNTIME_DIR", filepath.Join(base, "run")}
		}, want: "home/" + userCacheName + "/ecr-login"},
		{name: "a missing home directory is not created", setup: func(t *testing.T, base string) (string, []string) {
			return "", []string{"HOME", filepath.Join(base, "missing"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{name: "no home directory", setup: func(t *testing.T, base string) (string, []string) {
			return "", []string{"TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{name: "writable for others: the next one", setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o777, base, "xdg", "ecr-login")
			return "", []string{"CACHE_DIRECTORY", filepath.Join(base, "xdg"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{name: "writable for the group: the next one", setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o770, base, "xdg", "ecr-login")
			return "", []string{"CACHE_DIRECTORY", filepath.Join(base, "xdg"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{name: "a file: the next one", setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o700, base, "xdg")
			if err := os.WriteFile(filepath.Join(base, "xdg", "ecr-login"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return "", []string{"CACHE_DIRECTORY", filepath.Join(base, "xdg"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{name: "a FIFO: the next one", setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o700, base, "xdg")
			if err := syscall.Mkfifo(filepath.Join(base, "xdg", "ecr-login"), 0o600); err != nil {
				t.Fatal(err)
			}
			return "", []string{"CACHE_DIRECTORY", filepath.Join(base, "xdg"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{name: "another user's: the next one", root: true, setup: func(t *testing.T, base string) (string, []string) {
			dir := mkdir(t, 0o700, base, "xdg", "ecr-login")
			if err := os.Chown(dir, otherUser, otherUser); err != nil {
				t.Fatal(err)
			}
			return "", []string{"CACHE_DIRECTORY", filepath.Join(base, "xdg"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{name: "another user's home directory: the next one", root: true, setup: func(t *testing.T, base string) (string, []string) {
			home := mkdir(t, 0o755, base, "home")
			if err := os.Chown(home, otherUser, otherUser); err != nil {
				t.Fatal(err)
			}
			return "", []string{"HOME", home, "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{name: "own directory in another user's home directory: the next one", root: true, setup: func(t *testing.T, base string) (string, []string) {
			home := mkdir(t, 0o755, base, "home")
			mkdir(t, 0o700, home, userCacheName, "ecr-login")
			if err := os.Chown(home, otherUser, otherUser); err != nil {
				t.Fatal(err)
			}
			return "", []string{"HOME", home, "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{name: "another user's XDG_CACHE_HOME: the next one", root: true, setup: func(t *testing.T, base string) (string, []string) {
			xdg := mkdir(t, 0o755, base, "xdg")
			if err := os.Chown(xdg, otherUser, otherUser); err != nil {
				t.Fatal(err)
			}
			return "", []string{"XDG_CACHE_HOME", xdg, "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{name: "another user's XDG_RUNTIME_DIR: the next one", root: true, setup: func(t *testing.T, base string) (string, []string) {
			run := mkdir(t, 0o700, base, "run")
			if err := os.Chown(run, otherUser, otherUser); err != nil {
				t.Fatal(err)
			}
			return "", []string{"XDG_RUNTIME_DIR", run, "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{name: "Options.Dir in another user's home directory: none", root: true, setup: func(t *testing.T, base string) (string, []string) {
			home := mkdir(t, 0o755, base, "home")
			if err := os.Chown(home, otherUser, otherUser); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(home, ".ecr"), []string{"HOME", home, "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: ""},
		{name: "Options.Dir, created with its parents", setup: func(t *testing.T, base string) (string, []string) {
			return filepath.Join(base, "a", "b"), []string{"TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "a/b"},
		{name: "Options.Dir is a link to an own directory", setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o755, base, "real")
			if err := os.Symlink("real", filepath.Join(base, "link")); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(base, "link"), nil
		}, want: "real"},
		{name: "Options.Dir is writable for others: none", setup: func(t *testing.T, base string) (string, []string) {
			return mkdir(t, 0o777, base, "open"), []string{"HOME", mkdir(t, 0o700, base, "home"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: ""},
		{name: "Options.Dir is another user's: none", setup: func(t *testing.T, base string) (string, []string) {
			dir := mkdir(t, 0o755, base, "theirs")
			if isRoot() {
				if err := os.Chown(dir, otherUser, otherUser); err != nil {
					t.Fatal(err)
				}
				return dir, nil
			}
			return "/usr", nil
		}, want: ""},
		{name: "a link in the temporary directory: none", setup: func(t *testing.T, base string) (string, []string) {
			tmp := mkdir(t, 0o700, base, "tmp")
			mkdir(t, 0o700, base, "elsewhere")
			if err := os.Symlink(filepath.Join(base, "elsewhere"), filepath.Join(tmp, tempName)); err != nil {
				t.Fatal(err)
			}
			return "", []string{"TMPDIR", tmp}
		}, want: ""},
		{name: "readable for others in the temporary directory: none", setup: func(t *testing.T, base string) (string, []string) {
			tmp := mkdir(t, 0o700, base, "tmp")
			mkdir(t, 0o755, tmp, tempName)
			return "", []string{"TMPDIR", tmp}
		}, want: ""},
		{name: "missing temporary directory: none", setup: func(t *testing.T, base string) (string, []string) {
			return "", []string{"TMPDIR", filepath.Join(base, "tmp")}
		}, want: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.root {
				requireRoot(t, "chown")
			}
			base := t.TempDir()
			dir, env := c.setup(t, base)
			d := newDisk(t, func(o *Options) { o.Dir, o.Environ = dir, environ(env...) })
			err := d.Put("k", halfDay("v", time.Now()))
			s := d.Status()
			if c.want == "" {
				if err == nil {
					t.Fatalf("stored in %q", s.Dir)
				}
				if _, gone := os.Stat(dir); gone == nil {
					if _, _, err := d.Get("k"); !strings.Contains(err.Error(), "cache directory not usable") {
						t.Errorf("the miss does not contain the reason: %v", err)
					}
				}
				if s.Dir != "" || s.Problem == "" || len(s.Skipped) == 0 {
					t.Errorf("status: %+v", s)
				}
				if names, _ := filepath.Glob(filepath.Join(base, "*", "*", "entries")); len(names) > 0 {
					t.Errorf("created %v", names)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantValue(t, d, "k", "v")
			if _, err := os.Stat(filepath.Join(base, c.want, "CACHEDIR.TAG")); err != nil {
				t.Errorf("the directory %s is not used: %v; status %+v", c.want, err, s)
			}
			if !s.Exists || !s.Writable || !s.Locks || s.Problem != "" || s.Entries != 1 {
				t.Errorf("status: %+v", s)
			}
		})
	}
}

func TestDirectoryReplaced(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	mustPut(t, d, "k", halfDay("v", time.Now()))
	f, err := d.openForReading()
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if err := os.Rename(d.options.Dir, d.options.Dir+"-moved"); err != nil {
		t.Fatal(err)
	}
	mkdir(t, 0o700, d.options.Dir)
	if dir, err := f.root(); err == nil {
		dir.Close()
		t.Error("opened another directory than the one that was checked")
	}
	mustPut(t, d, "k", halfDay("again", time.Now()))
	wantValue(t, d, "k", "again")
}
