package awsconfig

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// loadFiles returns the configuration of a home directory with these two files.
func loadFiles(t *testing.T, config, credentials string) *Config {
	t.Helper()
	dir := t.TempDir()
	env := map[string]string{"AWS_CONFIG_FILE": filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "credentials")}
	for variable, text := range map[string]string{"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": credentials} {
		if err := os.WriteFile(env[variable], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(Input{Environ: func(name string) (string, bool) { v, ok := env[name]; return v, ok }, Home: dir})
}

const listConfig = `[profile zone]
region = eu-west-1
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Developer
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
[profile old]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 222233334444
sso_role_name = Developer
[default]
region = us-east-1
[profile role]
role_arn = arn:aws-cn:iam::333344445555:role/pull
source_profile = keys
[profile chain]
role_arn = arn:aws:iam::444455556666:role/last
source_profile = role
[profile mfa]
role_arn = arn:aws:iam::555566667777:role/pull
source_profile = keys
mfa_serial = arn:aws:iam::555566667777:mfa/me
[profile web]
role_arn = arn:aws:iam::666677778888:role/pull
web_identity_token_file = /token
[profile login]
login_session = arn:aws:iam::777788889999:user/me
[profile process]
credential_process = /bin/true
[profile broken]
sso_session = missing
sso_account_id = 111122223333
sso_role_name = Developer
[profile 'my profile']
sso_session = corp
sso_account_id = 888899990000
sso_role_name = Developer
[profile source]
credential_source = Environment
role_arn = nonsense
[profile region-only]
region = eu-west-1
`

// Each profile with credentials is listed in the order of the files, with the account that they name.
func TestList(t *testing.T) {
	t.Parallel()
	c := loadFiles(t, listConfig, "[keys]\naws_access_key_id = a\naws_secret_access_key = b\n[zone]\nregion = eu-west-3\n")
	var got []string
	for _, l := range c.List() {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", l.Name, l.Kind, l.Account, l.Partition, l.Region))
	}
	want := []string{
		"zone sso 111122223333  eu-west-3",
		"old sso 222233334444  ",
		"role profile-static 333344445555 aws-cn ",
		"chain profile-static 444455556666 aws ",
		"web profile-web-identity 666677778888 aws ",
		"login login 777788889999 aws ",
		"process process   ",
		"my profile sso 888899990000  ",
		"keys profile-static   ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The index returns what a look-up in the text returns.
func TestIndexAgreesWithText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		listConfig,
		"[DEFAULT]\nregion = x\n[default]\na = 1\n[profile default]\nb = 2\n[default]\nc = 3\n",
		"[profile a]\nx = 1\n[profile a]\ny = 2\n[profile  a]\nz = 3\n[profilex b]\nx = 4\n[profile 'c d']\nx = 5\n[profile c d]\nx = 6\n",
		"[profile a]\nx = 1\n  more\n\n[services s]\necr =\n  endpoint_url = http://x\n[profile a\nb = 2\n",
	} {
		c := loadFiles(t, text, strings.ReplaceAll(text, "profile ", ""))
		names, x := c.newIndex()
		indexed := *c
		indexed.index = x
		for _, name := range append(names, "missing", "sso-session corp") {
			for file, look := range map[string]func(*Config) Settings{
				"config":      func(c *Config) Settings { return c.configProfile(name) },
				"credentials": func(c *Config) Settings { return c.credentialsProfile(name) },
				"section":     func(c *Config) Settings { return c.Section("sso-session", name) },
			} {
				if got, want := look(&indexed), look(c); !maps.Equal(got, want) || (got == nil) != (want == nil) {
					t.Errorf("%s, profile %q: %v, want %v\n%s", file, name, got, want, text)
				}
			}
		}
	}
}
