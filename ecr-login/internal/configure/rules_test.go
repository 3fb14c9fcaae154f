package configure

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
)

// The settings file for all users gets no rule of one user. A file of the user, which replaces it, is
// created only if it sets nothing.
func TestSharedSettings(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the place of the user's settings differs")
	}
	for text, own := range map[string]bool{
		"":                          true,
		"# timeout = \"9s\"\n":      true,
		"\ufeff# a byte order mark": true,
		"timeout = \"9s\"\n":        false,
		"registry = []\n":           true,
	} {
		shared := filepath.Join(t.TempDir(), "config.toml")
		if err := os.WriteFile(shared, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		s, home := newSession(t, Options{Settings: config.Settings{Path: shared}, Profile: "prod", Executable: filepath.Join(t.TempDir(), "helper")})
		_, err := s.Configure(t.Context(), []string{host})
		rule, readErr := os.ReadFile(filepath.Join(home, ".config", "ecr-login", "config.toml"))
		if (err == nil) != own || (readErr == nil) != own || own && !strings.Contains(string(rule), `profile = "prod"`) {
			t.Errorf("%q: %v, rule %q", text, err, rule)
		}
		if got, err := os.ReadFile(shared); err != nil || string(got) != text {
			t.Errorf("%q is now %q, %v", text, got, err)
		}
		s, home = newSession(t, Options{Settings: config.Settings{Path: shared}})
		want := "to have settings of your own: mkdir -p " + home + "/.config/ecr-login && cp " + shared + " " + home + "/.config/ecr-login/config.toml"
		if err := s.checkRule(&Assignment{Registry: host, Profile: "prod"}); !own && adviceOf(err) != want {
			t.Errorf("%q: %v, hint %q, want %q", text, err, adviceOf(err), want)
		}
	}
}

// Without a home directory no rule is written to the settings for all users.
func TestNoRuleWithoutHome(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, Options{}, "HOME", "", "AppData", "", "DOCKER_CONFIG", t.TempDir())
	if path := s.settingsPath(); path != "" {
		t.Errorf("a rule would be written to %s", path)
	}
}

// A journal that cannot be written gives one warning, however often it is written.
func TestOneWarningOfTheJournal(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, Options{}, "HOME", "", "USERPROFILE", "", "LocalAppData", "", "DOCKER_CONFIG", t.TempDir())
	s.note(errors.New("first"))
	s.note(errors.New("second"))
	if len(s.result.Warnings) != 1 {
		t.Errorf("%q", s.result.Warnings)
	}
}
