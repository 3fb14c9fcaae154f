package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
)

// machine has a home, a system folder and an environment of a test's own.
type machine struct {
	t            testing.TB
	env          map[string]string
	home, system string
}

func newMachine(t testing.TB) *machine {
	m := &machine{t: t, home: t.TempDir(), system: t.TempDir()}
	m.env = map[string]string{"HOME": m.home, "XDG_CONFIG_HOME": filepath.Join(m.home, "xdg")}
	return m
}

func (m *machine) loader() config.Loader {
	return config.Loader{System: m.system, Environ: func(key string) (string, bool) {
		value, ok := m.env[key]
		return value, ok
	}}
}

func (m *machine) load() (config.Settings, error) { return m.loader().Load() }

func (m *machine) write(path, text string) string {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return path
}

// file is the settings file for this user alone.
func (m *machine) file() string { return filepath.Join(m.home, "xdg", "ecr-login", "config.toml") }

func loaded(t testing.TB, m *machine) config.Settings {
	t.Helper()
	s, err := m.load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// problem is the *config.Error that loading ends with.
func problem(t testing.TB, m *machine) (config.Settings, *config.Error) {
	t.Helper()
	s, err := m.load()
	var e *config.Error
	if !errors.As(err, &e) {
		t.Fatalf("loading ends with %v, want a *config.Error", err)
	}
	return s, e
}

// TestNothing: without a file and variables everything has its default, and
// without HOME as well.
func TestNothing(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, env := range []map[string]string{m.env, {}, {"HOME": "/nowhere"}, {"HOME": "/dev/null"}, {"XDG_CONFIG_HOME": "relative"}} {
		m.env = env
		s := loaded(t, m)
		if s.Path != "" || s.Timeout != 15*time.Second || s.Fallback != "" || s.Public != "auto" || s.Sealing != "auto" ||
			!s.Cache || s.CacheDir != "" || s.IgnoreStore || s.Rules != nil || s.Partitions != nil {
			t.Errorf("%v: %+v", env, s)
		}
	}
}

// TestFirstFileAlone: which file counts, and that it is the only one.
func TestFirstFileAlone(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	named := m.write(filepath.Join(m.home, "named.toml"), "timeout = \"1s\"\n")
	user := m.write(m.file(), "timeout = \"2s\"\n")
	home := filepath.Join(m.home, ".config", "ecr-login", "config.toml")
	switch runtime.GOOS {
	case "darwin":
		home = filepath.Join(m.home, "Library", "Application Support", "ecr-login", "config.toml")
	case "windows":
		m.env["AppData"] = filepath.Join(m.home, "AppData")
		home = filepath.Join(m.env["AppData"], "ecr-login", "config.toml")
	}
	m.write(home, "timeout = \"3s\"\n")
	system := m.write(filepath.Join(m.system, "config.toml"), "timeout = \"4s\"\nfallback = \"pass\"\n")
	m.env["ECR_LOGIN_CONFIG"] = named
	for _, step := range []struct {
		without  func()
		path     string
		timeout  time.Duration
		fallback string
	}{
		{func() {}, named, time.Second, ""},
		{func() { m.env["ECR_LOGIN_CONFIG"] = "" }, user, 2 * time.Second, ""},
		{func() { delete(m.env, "XDG_CONFIG_HOME") }, home, 3 * time.Second, ""},
		{func() { delete(m.env, "HOME"); delete(m.env, "AppData") }, system, 4 * time.Second, "pass"},
		{func() { m.env["ECR_LOGIN_CONFIG"] = os.DevNull }, "", 15 * time.Second, ""},
	} {
		step.without()
		s := loaded(t, m)
		if s.Path != step.path || s.Timeout != step.timeout || s.Fallback != step.fallback {
			t.Errorf("read %q: timeout %v and fallback %q; want %q, %v and %q", s.Path, s.Timeout, s.Fallback, step.path, step.timeout, step.fallback)
		}
	}
	m.env["ECR_LOGIN_CONFIG"], m.env["HOME"], m.env["USERPROFILE"] = "~/named.toml", m.home, m.home
	if s := loaded(t, m); s.Path != named {
		t.Errorf("read %q, want %q", s.Path, named)
	}
}

// TestRelativeFolder: a relative XDG_CONFIG_HOME is ignored, or a repository
// could bring settings along for whoever works in it.
func TestRelativeFolder(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(m.file(), "timeout = \"2s\"\n")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, m.env["XDG_CONFIG_HOME"])
	if err != nil {
		t.Skip(err) // another volume
	}
	m.env["XDG_CONFIG_HOME"] = relative
	if s := loaded(t, m); s.Path != "" {
		t.Errorf("read %q", s.Path)
	}
}

// TestUnreadableFiles: a file that is there and cannot be used is never taken
// for none.
func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make func(t *testing.T, m *machine)
		want string
	}{
		"a named file that is not there": {
			func(t *testing.T, m *machine) { m.env["ECR_LOGIN_CONFIG"] = filepath.Join(m.home, "absent") }, "no such file",
		},
		"a named file below another file": {
			func(t *testing.T, m *machine) {
				m.env["ECR_LOGIN_CONFIG"] = m.write(filepath.Join(m.home, "x"), "") + "/y"
			}, "not a directory",
		},
		"a named file in a home that is not known": {
			func(t *testing.T, m *machine) { m.env["ECR_LOGIN_CONFIG"] = "~/x"; delete(m.env, "HOME") }, "no known home",
		},
		"a named file in another user's home": {
			func(t *testing.T, m *machine) { m.env["ECR_LOGIN_CONFIG"] = "~ann/x" }, "no known home",
		},
		"a folder": {
			func(t *testing.T, m *machine) {
				if err := os.MkdirAll(m.file(), 0o700); err != nil {
					t.Fatal(err)
				}
			}, "regular file",
		},
		"a device": {
			func(t *testing.T, m *machine) { m.env["ECR_LOGIN_CONFIG"] = "/dev/zero" }, "regular file",
		},
		"a file that is too long": {
			func(t *testing.T, m *machine) { m.write(m.file(), strings.Repeat("#", 1<<20+1)) }, "one mebibyte",
		},
		"a link that leads to itself": {
			func(t *testing.T, m *machine) {
				m.write(m.file(), "")
				os.Remove(m.file())
				if err := os.Symlink(m.file(), m.file()); err != nil {
					t.Skip(err)
				}
			}, "too many",
		},
		"a file that may not be read": {
			func(t *testing.T, m *machine) {
				m.write(m.file(), "")
				if err := os.Chmod(m.file(), 0); err != nil {
					t.Fatal(err)
				}
				if f, err := os.Open(m.file()); err == nil {
					f.Close()
					t.Skip("this user may read everything")
				}
			}, "permission denied",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" {
				t.Skip("the words are those of Unix")
			}
			m := newMachine(t)
			m.write(filepath.Join(m.system, "config.toml"), "timeout = \"4s\"\n")
			m.env["AWS_ECR_DISABLE_CACHE"] = "1"
			test.make(t, m)
			s, e := problem(t, m)
			if !strings.Contains(e.Error(), test.want) || e.Path == "" || e.Line != 0 {
				t.Errorf("error %q, path %q, line %d; want %q", e, e.Path, e.Line, test.want)
			}
			if s.Timeout != 15*time.Second || s.Cache {
				t.Errorf("the settings are not the defaults and the environment: %+v", s)
			}
		})
	}
}

// TestFolderThatMayNotBeEntered is a HOME kept over su: nothing is seen there,
// so nothing is there.
func TestFolderThatMayNotBeEntered(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(m.file(), "timeout = \"2s\"\n")
	if err := os.Chmod(m.home, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(m.home, 0o700) })
	if _, err := os.Stat(m.file()); err == nil {
		t.Skip("this user may enter every folder")
	}
	if s := loaded(t, m); s.Path != "" {
		t.Errorf("read %q", s.Path)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.env["USERPROFILE"] = m.home
	m.write(m.file(), "timeout = \"2s\"\nfallback = \"pass\"\npublic = \"always\"\nsealing = \"required\"\n")
	for _, test := range []struct {
		variable, value string
		got             func(config.Settings) any
		want            any
	}{
		{"ECR_LOGIN_TIMEOUT", "", func(s config.Settings) any { return s.Timeout }, 2 * time.Second},
		{"ECR_LOGIN_TIMEOUT", "3s", func(s config.Settings) any { return s.Timeout }, 3 * time.Second},
		{"ECR_LOGIN_FALLBACK", "", func(s config.Settings) any { return s.Fallback }, "pass"},
		{"ECR_LOGIN_FALLBACK", "secret-service", func(s config.Settings) any { return s.Fallback }, "secret-service"},
		{"ECR_LOGIN_PUBLIC", "never", func(s config.Settings) any { return s.Public }, "never"},
		{"ECR_LOGIN_SEALING", "auto", func(s config.Settings) any { return s.Sealing }, "auto"},
		{"AWS_ECR_DISABLE_CACHE", "", func(s config.Settings) any { return s.Cache }, true},
		{"AWS_ECR_DISABLE_CACHE", "true", func(s config.Settings) any { return s.Cache }, false},
		{"AWS_ECR_DISABLE_CACHE", "false", func(s config.Settings) any { return s.Cache }, false}, // as in the existing helper
		{"AWS_ECR_CACHE_DIR", "/var/x", func(s config.Settings) any { return s.CacheDir }, "/var/x"},
		{"AWS_ECR_CACHE_DIR", "~", func(s config.Settings) any { return s.CacheDir }, m.home},
		{"AWS_ECR_CACHE_DIR", "~/.ecr", func(s config.Settings) any { return s.CacheDir }, filepath.Join(m.home, ".ecr")},
		{"AWS_ECR_CACHE_DIR", "a~b", func(s config.Settings) any { return s.CacheDir }, "a~b"},
		{"AWS_ECR_CACHE_DIR", "~ann/x", func(s config.Settings) any { return s.Cache }, false},
		{"AWS_ECR_CACHE_DIR", "~ann/x", func(s config.Settings) any { return s.CacheDir }, ""},
		{"AWS_ECR_IGNORE_CREDS_STORAGE", "", func(s config.Settings) any { return s.IgnoreStore }, false},
		{"AWS_ECR_IGNORE_CREDS_STORAGE", "true", func(s config.Settings) any { return s.IgnoreStore }, true},
		{"AWS_ECR_IGNORE_CREDS_STORAGE", "TRUE", func(s config.Settings) any { return s.IgnoreStore }, true},
		{"AWS_ECR_IGNORE_CREDS_STORAGE", "1", func(s config.Settings) any { return s.IgnoreStore }, true},
		{"AWS_ECR_IGNORE_CREDS_STORAGE", "false", func(s config.Settings) any { return s.IgnoreStore }, false},
		{"AWS_ECR_IGNORE_CREDS_STORAGE", "0", func(s config.Settings) any { return s.IgnoreStore }, false},
		{"AWS_ECR_IGNORE_CREDS_STORAGE", "maybe", func(s config.Settings) any { return s.IgnoreStore }, false},
	} {
		m.env[test.variable] = test.value
		if got := test.got(loaded(t, m)); got != test.want {
			t.Errorf("%s=%s gives %v, want %v", test.variable, test.value, got, test.want)
		}
		delete(m.env, test.variable)
	}
	delete(m.env, "HOME")
	delete(m.env, "USERPROFILE")
	m.env["AWS_ECR_CACHE_DIR"] = "~/.ecr"
	if s := loaded(t, m); s.Cache || s.CacheDir != "" {
		t.Errorf("a cache in a home that is not known: %v, %q", s.Cache, s.CacheDir)
	}
}

func TestBadEnvironment(t *testing.T) {
	t.Parallel()
	for assignment, why := range map[string]string{
		"ECR_LOGIN_TIMEOUT=15":              "no unit",
		"ECR_LOGIN_TIMEOUT=0s":              "no time at all",
		"ECR_LOGIN_TIMEOUT=-1s":             "negative",
		"ECR_LOGIN_TIMEOUT=24h":             "a hang",
		"ECR_LOGIN_FALLBACK=a b":            "not a helper's name",
		"ECR_LOGIN_FALLBACK=../x":           "a path",
		"ECR_LOGIN_FALLBACK=Pass":           "upper case",
		"ECR_LOGIN_FALLBACK=ecr-login":      "itself",
		"ECR_LOGIN_FALLBACK=ecr-login-prod": "itself, with a profile",
		"ECR_LOGIN_PUBLIC=yes":              "no such choice",
		"ECR_LOGIN_PUBLIC=Never":            "another case",
		"ECR_LOGIN_SEALING=off":             "no such choice",
	} {
		m := newMachine(t)
		variable, value, _ := strings.Cut(assignment, "=")
		m.env[variable], m.env["AWS_ECR_CACHE_DIR"] = value, "/var/x"
		m.write(m.file(), "timeout = \"2s\"\n")
		s, e := problem(t, m)
		if e.Path != "" || e.Key != variable || !strings.HasPrefix(e.Error(), variable+" ") || !strings.Contains(e.Error(), value) {
			t.Errorf("%s (%s): error %q of key %q, path %q", assignment, why, e, e.Key, e.Path)
		}
		if s.Timeout != 2*time.Second || s.Fallback != "" || s.Public != "auto" || s.Sealing != "auto" || s.CacheDir != "/var/x" {
			t.Errorf("%s (%s): %+v", assignment, why, s)
		}
	}
}
