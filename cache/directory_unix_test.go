//go:build unix

package cache

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// aStranger is a user that is neither root nor, as a rule, there.
const aStranger = 54321

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

// userCacheName is the user's cache folder, below the home folder.
var userCacheName = map[bool]string{true: "Library/Caches", false: ".cache"}[runtime.GOOS == "darwin"]

func TestFoldersInTheirOrder(t *testing.T) {
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

func TestFoldersFromTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		dir  string
		env  []string
		want string // the first candidate
	}{
		{"nothing set", "", nil, "/tmp/" + tempName},
		{"a folder that systemd made for us", "", []string{"CACHE_DIRECTORY", "/var/cache/ecr-login"}, "/var/cache/ecr-login"},
		{"a home", "", []string{"HOME", "/home/x"}, filepath.Join("/home/x", userCacheName, "ecr-login")},
		{"relative paths are not believed", "", []string{"CACHE_DIRECTORY", "a", "XDG_CACHE_HOME", "b", "XDG_RUNTIME_DIR", "c", "TMPDIR", "/t"}, "/t/" + tempName},
		{"named", "/explicit", []string{"HOME", "/home/x", "CACHE_DIRECTORY", "/y"}, "/explicit"},
	} {
		d := Open(Options{Name: "ecr-login", Environ: environ(c.env...), Dir: c.dir})
		d.systemDir = ""
		list := slices.Collect(d.candidates)
		if list[0].path != c.want {
			t.Errorf("%s: %q, want %q", c.why, list[0].path, c.want)
		}
		if c.dir != "" && len(list) != 1 {
			t.Errorf("%s: and %d others", c.why, len(list)-1)
		}
	}
}

// A folder that is used must be there after a Put and be found by a Get; one
// that is not used must stay as it was.
func TestWhichFolderIsUsed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why   string
		root  bool // needs root to set up
		user  bool // means nothing to root
		setup func(t *testing.T, base string) (dir string, env []string)
		want  string // below base; "" means none
	}{
		{why: "the first that can be made", setup: func(t *testing.T, base string) (string, []string) {
			return "", []string{"HOME", mkdir(t, 0o700, base, "home"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "home/" + userCacheName + "/ecr-login"},
		{why: "one that can be made goes before one that is there, left by a process without a home", setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o700, base, "run", "ecr-login")
			return "", []string{"HOME", mkdir(t, 0o700, base, "home"), "XDG_RUNTIME_DIR", filepath.Join(base, "run")}
		}, want: "home/" + userCacheName + "/ecr-login"},
		{why: "a home that is not there is not made", setup: func(t *testing.T, base string) (string, []string) {
			return "", []string{"HOME", filepath.Join(base, "nobody"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{why: "no home", setup: func(t *testing.T, base string) (string, []string) {
			return "", []string{"TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{why: "a folder others can write to is passed over", setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o777, base, "xdg", "ecr-login")
			return "", []string{"CACHE_DIRECTORY", filepath.Join(base, "xdg"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{why: "so is one the group can write to", setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o770, base, "xdg", "ecr-login")
			return "", []string{"CACHE_DIRECTORY", filepath.Join(base, "xdg"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{why: "so is a file", setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o700, base, "xdg")
			if err := os.WriteFile(filepath.Join(base, "xdg", "ecr-login"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return "", []string{"CACHE_DIRECTORY", filepath.Join(base, "xdg"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{why: "a read-only one", user: true, setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o500, base, "xdg", "ecr-login")
			return "", []string{"CACHE_DIRECTORY", filepath.Join(base, "xdg"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{why: "another user's", root: true, setup: func(t *testing.T, base string) (string, []string) {
			dir := mkdir(t, 0o700, base, "xdg", "ecr-login")
			if err := os.Chown(dir, aStranger, aStranger); err != nil {
				t.Fatal(err)
			}
			return "", []string{"CACHE_DIRECTORY", filepath.Join(base, "xdg"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{why: "nothing is made in another user's home", root: true, setup: func(t *testing.T, base string) (string, []string) {
			home := mkdir(t, 0o755, base, "home")
			if err := os.Chown(home, aStranger, aStranger); err != nil {
				t.Fatal(err)
			}
			return "", []string{"HOME", home, "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{why: "nor used there, be it root's", root: true, setup: func(t *testing.T, base string) (string, []string) {
			home := mkdir(t, 0o755, base, "home")
			mkdir(t, 0o700, home, userCacheName, "ecr-login")
			if err := os.Chown(home, aStranger, aStranger); err != nil {
				t.Fatal(err)
			}
			return "", []string{"HOME", home, "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{why: "nor in the cache folder that XDG_CACHE_HOME of another user names", root: true, setup: func(t *testing.T, base string) (string, []string) {
			xdg := mkdir(t, 0o755, base, "xdg")
			if err := os.Chown(xdg, aStranger, aStranger); err != nil {
				t.Fatal(err)
			}
			return "", []string{"XDG_CACHE_HOME", xdg, "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{why: "nor in a runtime folder that sudo kept", root: true, setup: func(t *testing.T, base string) (string, []string) {
			run := mkdir(t, 0o700, base, "run")
			if err := os.Chown(run, aStranger, aStranger); err != nil {
				t.Fatal(err)
			}
			return "", []string{"XDG_RUNTIME_DIR", run, "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "tmp/" + tempName},
		{why: "nor in a named folder there", root: true, setup: func(t *testing.T, base string) (string, []string) {
			home := mkdir(t, 0o755, base, "home")
			if err := os.Chown(home, aStranger, aStranger); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(home, ".ecr"), []string{"HOME", home, "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: ""},
		{why: "a named one, made with its parents", setup: func(t *testing.T, base string) (string, []string) {
			return filepath.Join(base, "a", "b"), []string{"TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: "a/b"},
		{why: "a named link to a folder of ours", setup: func(t *testing.T, base string) (string, []string) {
			mkdir(t, 0o755, base, "real")
			if err := os.Symlink("real", filepath.Join(base, "link")); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(base, "link"), nil
		}, want: "real"},
		{why: "a named one that cannot be used is not replaced", setup: func(t *testing.T, base string) (string, []string) {
			return mkdir(t, 0o777, base, "open"), []string{"HOME", mkdir(t, 0o700, base, "home"), "TMPDIR", mkdir(t, 0o700, base, "tmp")}
		}, want: ""},
		{why: "a named one that is root's or somebody's", setup: func(t *testing.T, base string) (string, []string) {
			dir := mkdir(t, 0o755, base, "theirs")
			if isRoot() {
				if err := os.Chown(dir, aStranger, aStranger); err != nil {
					t.Fatal(err)
				}
				return dir, nil
			}
			return "/usr", nil
		}, want: ""},
		{why: "the temporary folder's, when it is a link", setup: func(t *testing.T, base string) (string, []string) {
			tmp := mkdir(t, 0o700, base, "tmp")
			mkdir(t, 0o700, base, "elsewhere")
			if err := os.Symlink(filepath.Join(base, "elsewhere"), filepath.Join(tmp, tempName)); err != nil {
				t.Fatal(err)
			}
			return "", []string{"TMPDIR", tmp}
		}, want: ""},
		{why: "the temporary folder's, when others can read it", setup: func(t *testing.T, base string) (string, []string) {
			tmp := mkdir(t, 0o700, base, "tmp")
			mkdir(t, 0o755, tmp, tempName)
			return "", []string{"TMPDIR", tmp}
		}, want: ""},
		{why: "a temporary folder that is not there", setup: func(t *testing.T, base string) (string, []string) {
			return "", []string{"TMPDIR", filepath.Join(base, "tmp")}
		}, want: ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			if c.root {
				rootOnly(t, "chown")
			}
			if c.user {
				notRoot(t, "modes")
			}
			base := t.TempDir()
			dir, env := c.setup(t, base)
			d := newDisk(t, func(o *Options) { o.Dir, o.Environ = dir, environ(env...) })
			err := d.Put("k", halfDay("v", time.Now()))
			s := d.Status()
			if c.want == "" {
				if err == nil {
					t.Fatalf("kept in %q", s.Dir)
				}
				if _, gone := os.Stat(dir); gone == nil {
					if _, _, err := d.Get("k"); !strings.Contains(err.Error(), "cache directory not usable") {
						t.Errorf("the miss does not say why the named folder is not used: %v", err)
					}
				}
				if s.Dir != "" || s.Problem == "" || len(s.Skipped) == 0 {
					t.Errorf("status: %+v", s)
				}
				if names, _ := filepath.Glob(filepath.Join(base, "*", "*", "entries")); len(names) > 0 {
					t.Errorf("made %v", names)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantValue(t, d, "k", "v")
			if _, err := os.Stat(filepath.Join(base, c.want, "CACHEDIR.TAG")); err != nil {
				t.Errorf("the folder used is not %s: %v; status %+v", c.want, err, s)
			}
			if !s.Exists || !s.Writable || !s.Locks || s.Problem != "" || s.Entries != 1 {
				t.Errorf("status: %+v", s)
			}
		})
	}
}

func TestNamedReadOnlyFolderIsRead(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	mustPut(t, d, "k", halfDay("v", time.Now()))
	for _, name := range []string{"", entriesDir} {
		if err := os.Chmod(filepath.Join(d.options.Dir, name), 0o500); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		_ = os.Chmod(d.options.Dir, 0o700)
		_ = os.Chmod(filepath.Join(d.options.Dir, entriesDir), 0o700)
	})
	wantValue(t, d, "k", "v")
	notRoot(t, "modes")
	if err := d.Put("k", halfDay("newer", time.Now())); err == nil {
		t.Error("written to a read-only folder")
	}
	wantValue(t, d, "k", "v")
	if s := d.Status(); s.Writable || s.Problem == "" {
		t.Errorf("status: %+v", s)
	}
}

func TestFolderThatGoesBetweenOpenAndUse(t *testing.T) {
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
		t.Error("opened another folder than the one that was checked")
	}
	mustPut(t, d, "k", halfDay("again", time.Now()))
	wantValue(t, d, "k", "again")
}
