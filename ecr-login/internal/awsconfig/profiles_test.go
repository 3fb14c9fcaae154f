package awsconfig

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestProfiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"config": "[default]\nregion = eu-west-1\n[profile prod]\n[profile  play ]\n[profile 'my profile']\n[profile \"quoted\"]\n" +
			"[sso-session prize]\n[services private]\n[plain]\n[profile unfinished\n[preview]\n",
		"credentials": "[prod]\n[keys]\n[DEFAULT]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"AWS_CONFIG_FILE": filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "credentials")}
	c := Load(Input{Environ: func(name string) (string, bool) { v, ok := env[name]; return v, ok }, Home: dir})
	if got, want := c.Profiles(), []string{"default", "keys", "my profile", "play", "prod", "quoted"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
