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

// machine has its own home directory, system directory and environment.
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

// file returns the path of the user's settings file.
func (m *machine) file() string { return filepath.Join(m.home, "xdg", "ecr-login", "config.toml") }

func loaded(t testing.TB, m *machine) config.Settings {
	t.Helper()
	s, err := m.load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// problem returns the error of loading, which must be a *config.Error.
func problem(t testing.TB, m *machine) (config.Settings, *config.Error) {
	t.Helper()
	s, err := m.load()
	var e *config.Error
	if !errors.As(err, &e) {
		t.Fatalf("loading fails with %v, want a *config.Error", err)
	}
	return s, e
}

// TestDefaults checks the settings without a file and variables, also without HOME.
func TestDefaults(t *testing.T) {
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

// TestOnlyFirstFile checks the order of the files, and that only one is read.
func TestOnlyFirstFile(t *testing.T) {
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

// A relative XDG_CONFIG_HOME is ignored: otherwise a repository could bring settings.
func TestRelativeDirectory(t *testing.T) {
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

// TestUnreadableFiles checks that an existing file that cannot be read is an error.
func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make func(t *testing.T, m *machine)
		want string
	}{
		"missing file in ECR_LOGIN_CONFIG": {
			func(t *testing.T, m *machine) { m.env["ECR_LOGIN_CONFIG"] = filepath.Join(m.home, "absent") }, "no such file",
		},
		"path below a file": {
			func(t *testing.T, m *machine) {
				m.env["ECR_LOGIN_CONFIG"] = m.write(filepath.Join(m.home, "x"), "") + "/y"
			}, "not a directory",
		},
		"unknown home directory": {
			func(t *testing.T, m *machine) { m.env["ECR_LOGIN_CONFIG"] = "~/x"; delete(m.env, "HOME") }, "its home directory is not known",
		},
		"home directory of another user": {
			func(t *testing.T, m *machine) { m.env["ECR_LOGIN_CONFIG"] = "~ann/x" }, "its home directory is not known",
		},
		"directory": {
			func(t *testing.T, m *machine) {
				if err := os.MkdirAll(m.file(), 0o700); err != nil {
					t.Fatal(err)
				}
			}, "regular file",
		},
		"device": {
			func(t *testing.T, m *machine) { m.env["ECR_LOGIN_CONFIG"] = "/dev/zero" }, "regular file",
		},
		"file over the limit": {
			func(t *testing.T, m *machine) { m.write(m.file(), strings.Repeat("#", 1<<20+1)) }, "larger than the limit of 1048576 bytes",
		},
		"link to itself": {
			func(t *testing.T, m *machine) {
				m.write(m.file(), "")
				os.Remove(m.file())
				if err := os.Symlink(m.file(), m.file()); err != nil {
					t.Skip(err)
				}
			}, "too many",
		},
		"unreadable file": {
			func(t *testing.T, m *machine) {
				m.write(m.file(), "")
				if err := os.Chmod(m.file(), 0); err != nil {
					t.Fatal(err)
				}
				if f, err := os.Open(m.file()); err == nil {
					f.Close()
					t.Skip("root can read every file")
				}
			}, "permission denied",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" {
				t.Skip("the error texts are those of Unix")
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

// TestUnreadableDirectory checks that files count as missing in a HOME that su left unchanged.
func TestUnreadableDirectory(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(m.file(), "timeout = \"2s\"\n")
	if err := os.Chmod(m.home, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(m.home, 0o700) })
	if _, err := os.Stat(m.file()); err == nil {
		t.Skip("root can enter every directory")
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
		t.Errorf("cache %v in %q, want none without a home directory", s.Cache, s.CacheDir)
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
