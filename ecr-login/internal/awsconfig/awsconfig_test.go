package awsconfig_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

// input writes the two files into a new home directory. Assignments are NAME=value.
func input(t *testing.T, config, credentials, profile string, assignments ...string) awsconfig.Input {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"config": config, "credentials": credentials} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(home, ".aws", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"HOME": home, "USERPROFILE": home}
	for _, a := range assignments {
		name, value, _ := strings.Cut(a, "=")
		env[name] = strings.ReplaceAll(value, "HOME_DIR", home)
	}
	return awsconfig.Input{Profile: profile, Environ: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
}

const (
	accessKey = "AWS_ACCESS_KEY_ID=ENVKEY"
	secretKey = "AWS_SECRET_ACCESS_KEY=secret-for-tests"
	webToken  = "AWS_WEB_IDENTITY_TOKEN_FILE=/token"
	webRole   = "AWS_ROLE_ARN=arn:web"
	container = "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/x"
)

func keys(id string) string {
	return "aws_access_key_id = " + id + "\naws_secret_access_key = secret-for-tests\n"
}

func TestResolve(t *testing.T) {
	t.Parallel()
	const role = "role_arn = arn:role\n"
	const sso = "sso_account_id = 1\nsso_role_name = r\nsso_start_url = https://x\nsso_region = eu-west-1\n"
	for name, test := range map[string]struct {
		config, credentials, profile string
		env                          []string
		want                         awsconfig.Kind
		key                          string // access key, token file, start URL, login session or command
		roles                        int
		err                          awsconfig.ErrorCode
		text                         string // in the error
	}{
		"nothing":                    {want: awsconfig.Instance},
		"environment":                {env: []string{accessKey, secretKey}, want: awsconfig.Environment, key: "ENVKEY"},
		"environment before profile": {config: "[profile p]\n" + sso, env: []string{accessKey, secretKey, "AWS_PROFILE=p"}, want: awsconfig.Environment},
		"half a key":                 {config: "[default]\n" + keys("K"), env: []string{accessKey}, err: awsconfig.ErrKey, text: "AWS_SECRET_ACCESS_KEY is not"},
		"secret alone":               {config: "[default]\n" + keys("K"), env: []string{secretKey}, want: awsconfig.Static, key: "K"},
		"names of older SDKs":        {config: "[default]\n" + keys("K"), env: []string{"AWS_ACCESS_KEY=OLD", "AWS_SECRET_KEY=secret-for-tests"}, want: awsconfig.Static, key: "K"},

		"forced profile before environment": {config: "[profile p]\n" + keys("K"), profile: "p", env: []string{accessKey, secretKey, webToken, webRole}, want: awsconfig.Static, key: "K"},
		"missing named":                     {env: []string{"AWS_PROFILE=p"}, err: awsconfig.ErrProfile, text: `profile "p" not found in `},
		"missing by default variable":       {env: []string{"AWS_DEFAULT_PROFILE=p"}, err: awsconfig.ErrProfile},
		"missing forced":                    {profile: "p", env: []string{accessKey, secretKey}, err: awsconfig.ErrProfile},
		"missing with keys":                 {env: []string{"AWS_PROFILE=p", accessKey, secretKey}, err: awsconfig.ErrProfile},

		"credentials file":          {config: "[default]\n" + keys("C"), credentials: "[default]\n" + keys("K"), want: awsconfig.Static, key: "K"},
		"config file":               {config: "[default]\n" + keys("C"), want: awsconfig.Static, key: "C"},
		"secret in the other file":  {config: "[default]\naws_secret_access_key = s\n", credentials: "[default]\naws_access_key_id = K\n", err: awsconfig.ErrKey, text: "without aws_secret_access_key"},
		"process before config key": {config: "[default]\ncredential_process = /x\n" + keys("C"), want: awsconfig.Process, key: "/x"},
		"key before process":        {config: "[default]\ncredential_process = /x\n", credentials: "[default]\n" + keys("K"), want: awsconfig.Static, key: "K"},
		"SSO before keys":           {config: "[default]\n" + sso, credentials: "[default]\n" + keys("K"), want: awsconfig.SSO, key: "https://x"},
		"login before process":      {config: "[default]\ncredential_process = /x\nlogin_session = arn:l\n", want: awsconfig.Login, key: "arn:l"},
		"start URL alone":           {config: "[default]\nsso_start_url = https://x\n" + keys("K"), want: awsconfig.Static, key: "K"},
		"SSO without region":        {config: "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_start_url = https://x\n", err: awsconfig.ErrSettings, text: "has no sso_region"},
		"SSO session":               {config: "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_session = c\n[sso-session c]\nsso_start_url = https://y\nsso_region = r\n", want: awsconfig.SSO, key: "https://y"},
		"SSO session missing":       {config: "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_session = c\n", err: awsconfig.ErrSettings, text: "no section [sso-session c]"},
		"SSO session differs":       {config: "[default]\n" + sso + "sso_session = c\n[sso-session c]\nsso_start_url = https://y\nsso_region = eu-west-1\n", err: awsconfig.ErrSettings, text: "different values of sso_start_url"},

		"web identity":                      {env: []string{webToken, webRole}, want: awsconfig.WebIdentity, key: "/token"},
		"web identity before key":           {credentials: "[default]\n" + keys("K"), env: []string{webToken, webRole}, want: awsconfig.WebIdentity},
		"web identity without role":         {env: []string{webToken}, err: awsconfig.ErrSettings, text: "AWS_ROLE_ARN is not set"},
		"web identity, role of the profile": {config: "[default]\nrole_arn = arn:p\n[profile k]\n", env: []string{webToken}, err: awsconfig.ErrSettings},
		"role before web identity":          {config: "[profile p]\n" + role + "source_profile = k\n[profile k]\n" + keys("K"), env: []string{webToken, webRole, "AWS_PROFILE=p"}, want: awsconfig.Static, key: "K", roles: 1},
		"default's role too":                {config: "[default]\n" + role + "source_profile = k\n[profile k]\n" + keys("K"), env: []string{webToken, webRole}, want: awsconfig.Static, key: "K", roles: 1},
		"web identity of the profile":       {config: "[default]\n" + role + "web_identity_token_file = /t\n" + keys("K"), want: awsconfig.ProfileWebIdentity, key: "/t"},

		"role":                       {config: "[default]\n" + role + "source_profile = k\n[profile k]\n" + keys("K"), want: awsconfig.Static, key: "K", roles: 1},
		"role of a role":             {config: "[default]\n" + role + "source_profile = r\n[profile r]\n" + role + "source_profile = k\n[profile k]\n" + keys("K"), want: awsconfig.Static, key: "K", roles: 2},
		"source's key before source": {config: "[default]\n" + role + "source_profile = r\n[profile r]\n" + role + "source_profile = k\n" + keys("R") + "[profile k]\n" + keys("K"), want: awsconfig.Static, key: "R", roles: 1},
		"own source":                 {config: "[default]\n" + role + "source_profile = default\n" + keys("K"), want: awsconfig.Static, key: "K", roles: 1},
		"own source without key":     {config: "[default]\n" + role + "source_profile = default\n" + sso, err: awsconfig.ErrSettings},
		"source with SSO":            {config: "[default]\n" + role + "source_profile = k\n[profile k]\n" + sso, want: awsconfig.SSO, roles: 1},
		"source with login":          {config: "[default]\n" + role + "source_profile = k\n[profile k]\nlogin_session = arn:l\n", want: awsconfig.Login, key: "arn:l", roles: 1},
		"source with process":        {config: "[default]\n" + role + "source_profile = k\n[profile k]\ncredential_process = /x\n", want: awsconfig.Process, roles: 1},
		"source with web identity":   {config: "[default]\n" + role + "source_profile = k\n[profile k]\n" + role + "web_identity_token_file = /t\n", want: awsconfig.ProfileWebIdentity, key: "/t", roles: 1},
		"source without credentials": {config: "[default]\n" + role + "source_profile = k\n[profile k]\n", env: []string{container}, err: awsconfig.ErrSettings, text: "has no credentials"},
		"source missing":             {config: "[default]\n" + role + "source_profile = k\n", err: awsconfig.ErrProfile, text: `profile "default": source_profile: profile "k" not found`},
		"loop":                       {config: "[default]\n" + role + "source_profile = k\n[profile k]\n" + role + "source_profile = default\n", err: awsconfig.ErrSettings, text: "leads back"},
		"no source":                  {config: "[default]\n" + role, err: awsconfig.ErrSettings, text: "neither source_profile nor credential_source"},
		"both sources":               {config: "[default]\n" + role + "source_profile = k\ncredential_source = Environment\n", err: awsconfig.ErrSettings, text: "both"},
		"MFA":                        {config: "[default]\n" + role + "source_profile = k\nmfa_serial = m\n[profile k]\n" + keys("K"), err: awsconfig.ErrMFA},
		"source environment":         {config: "[profile p]\n" + role + "credential_source = Environment\n", profile: "p", env: []string{accessKey, secretKey}, want: awsconfig.Environment, key: "ENVKEY", roles: 1},
		"source environment, no key": {config: "[profile p]\n" + role + "credential_source = Environment\n", profile: "p", err: awsconfig.ErrSettings},
		"source container":           {config: "[default]\n" + role + "credential_source = EcsContainer\n", env: []string{container}, want: awsconfig.Container, roles: 1},
		"source container, none":     {config: "[default]\n" + role + "credential_source = EcsContainer\n", err: awsconfig.ErrSettings},
		"source instance":            {config: "[default]\n" + role + "credential_source = Ec2InstanceMetadata\n", want: awsconfig.Instance, roles: 1},
		"source unknown":             {config: "[default]\n" + role + "credential_source = Moon\n", err: awsconfig.ErrSettings, text: "Moon"},
		"container":                  {env: []string{container}, want: awsconfig.Container},

		"quoted header":                {config: "[profile 'my profile']\n" + keys("K"), profile: "my profile", want: awsconfig.Static, key: "K"},
		"double quotes":                {config: "[profile \"prod\"]\n" + keys("K"), profile: "prod", want: awsconfig.Static, key: "K"},
		"text after header":            {config: "[profile x] /* text */\n" + keys("K"), profile: "x", want: awsconfig.Static, key: "K"},
		"quoted session":               {config: "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_session = My Corp\n[sso-session 'My Corp']\nsso_start_url = https://y\nsso_region = r\n", want: awsconfig.SSO, key: "https://y"},
		"blank without quotes":         {config: "[profile my profile]\n" + keys("K"), profile: "my profile", err: awsconfig.ErrProfile, text: "~/.aws/config has [profile my profile]: write [profile 'my profile']"},
		"header of the other file":     {credentials: "[profile x]\n" + keys("K"), profile: "x", err: awsconfig.ErrProfile, text: "~/.aws/credentials has [profile x]: write [x]"},
		"blanks in header":             {config: "[ profile x ]\n" + keys("K"), profile: "x", err: awsconfig.ErrProfile, text: "~/.aws/config has [ profile x ]: write [profile x]"},
		"later default wins":           {config: "[default]\n" + keys("A") + "[profile default]\n" + keys("B"), want: awsconfig.Static, key: "B"},
		"later default wins, reversed": {config: "[profile default]\n" + keys("B") + "[default]\n" + keys("A"), want: awsconfig.Static, key: "A"},
		"DEFAULT is for all":           {config: "[DEFAULT]\n" + keys("D") + "[profile x]\nregion = r\n", profile: "x", want: awsconfig.Static, key: "D"},
		"byte order mark":              {config: "\xef\xbb\xbf[default]\n" + keys("K"), want: awsconfig.Static, key: "K"},
		"UTF-16":                       {config: "\xff\xfe[\x00d\x00", err: awsconfig.ErrFile, text: "UTF-16"},
		"comment after value":          {config: "[default]\naws_access_key_id = K # mine\naws_secret_access_key = s\n", want: awsconfig.Static, key: "K"},
		"older name of the token":      {config: "[default]\n" + keys("K") + "aws_security_token = t\n", want: awsconfig.Static, key: "K"},
		"process keeps quotes":         {config: "[default]\ncredential_process = \"/my bin/x\" a \"b c\"\n", want: awsconfig.Process, key: `"/my bin/x" a "b c"`},

		"~":                     {env: []string{"AWS_CONFIG_FILE=~/.aws/credentials"}, credentials: "[profile x]\n" + keys("K"), profile: "x", want: awsconfig.Static, key: "K"},
		"$HOME":                 {env: []string{"AWS_CONFIG_FILE=$HOME/.aws/credentials"}, credentials: "[profile x]\n" + keys("K"), profile: "x", want: awsconfig.Static, key: "K"},
		"named file is missing": {env: []string{"AWS_CONFIG_FILE=/nowhere/config"}, profile: "x", err: awsconfig.ErrProfile, text: "AWS_CONFIG_FILE names /nowhere/config, which does not exist"},
		"null device":           {env: []string{"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null"}, config: "[default]\n" + keys("K"), want: awsconfig.Instance},
		"directory":             {env: []string{"AWS_CONFIG_FILE=HOME_DIR"}, credentials: "[default]\n" + keys("K"), want: awsconfig.Static, key: "K"},
		"endless device":        {env: []string{"AWS_CONFIG_FILE=/dev/zero"}, credentials: "[default]\n" + keys("K"), err: awsconfig.ErrFile, text: "/dev/zero is not a regular file"},
		"too large":             {config: strings.Repeat("#", awsconfig.MaxFile+1), err: awsconfig.ErrFile, text: "config is larger than the limit of 4194304 bytes"},
		"boto":                  {env: []string{"BOTO_CONFIG=HOME_DIR/.aws/config"}, config: "[Credentials]\n" + keys("K"), err: awsconfig.ErrUnsupport, text: "AWS CLI uses the access key in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chain, err := awsconfig.Load(input(t, test.config, test.credentials, test.profile, test.env...)).Resolve()
			var e *awsconfig.Error
			if test.err != "" {
				if !errors.As(err, &e) || e.Code != test.err || !strings.Contains(e.Message, test.text) {
					t.Fatalf("%+v, error %v, want %s with %q", chain.Kind, err, test.err, test.text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := chain.Keys.AccessKeyID + chain.Token.Path + chain.Portal.StartURL + chain.Session + chain.Command
			if chain.Kind != test.want || test.key != "" && got != test.key || len(chain.Roles) != test.roles {
				t.Errorf("%s %q with %d roles, want %s %q with %d", chain.Kind, got, len(chain.Roles), test.want, test.key, test.roles)
			}
		})
	}
}

func TestRolesAreInOrder(t *testing.T) {
	t.Parallel()
	c, err := awsconfig.Load(input(t, "[default]\nrole_arn = last\nsource_profile = r\n[profile r]\nrole_arn = first\nexternal_id = \"a #b\"\nduration_seconds = 900\nsource_profile = k\n[profile k]\n"+keys("K"), "", "")).Resolve()
	if err != nil {
		t.Fatal(err)
	}
	want := awsconfig.Role{Profile: "r", ARN: "first", ExternalID: `"a #b"`, Duration: 15 * time.Minute}
	if len(c.Roles) != 2 || c.Roles[0] != want || c.Roles[1].ARN != "last" || c.Profile != "k" {
		t.Errorf("%+v", c)
	}
}

func TestUnused(t *testing.T) {
	t.Parallel()
	const files = "[default]\nregion = r\n[profile p]\nKEYS[profile q]\nKEYS[profile r]\nrole_arn = r\ncredential_source = Environment\n"
	const namesP, namesQ = "AWS_PROFILE=p", "AWS_DEFAULT_PROFILE=q"
	for _, test := range []struct {
		profile     string
		environment []string
		want        []awsconfig.Kind
	}{
		{"p", nil, nil},
		{"", []string{namesP}, nil},
		{"p", []string{namesP}, nil},
		{"", []string{accessKey, secretKey}, nil},
		{"r", []string{accessKey, secretKey}, nil},
		{"p", []string{accessKey, secretKey, webToken, webRole, container}, []awsconfig.Kind{awsconfig.Environment, awsconfig.WebIdentity, awsconfig.Container}},
		{"", []string{namesP, accessKey, secretKey}, []awsconfig.Kind{awsconfig.NamedProfile}},
		{"", []string{namesP, webToken, webRole}, []awsconfig.Kind{awsconfig.NamedProfile}},
		{"p", []string{namesQ}, []awsconfig.Kind{awsconfig.NamedProfile}},
		{"p", []string{namesP, namesQ}, nil},
		{"r", []string{namesP, accessKey, secretKey}, []awsconfig.Kind{awsconfig.NamedProfile}},
	} {
		c, err := awsconfig.Load(input(t, strings.ReplaceAll(files, "KEYS", keys("K")), "", test.profile, test.environment...)).Resolve()
		if err != nil || !slices.Equal(c.Unused, test.want) {
			t.Errorf("profile %q, %q: %v, %v, want %v", test.profile, test.environment, c.Unused, err, test.want)
		}
	}
}

func TestManyProfiles(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("[default]\nrole_arn = r\nsource_profile = pp\n")
	name := "p"
	for range 80 {
		name += "p"
		b.WriteString("[profile " + name + "]\nrole_arn = r\nsource_profile = " + name + "p\n")
	}
	b.WriteString("[profile " + name + "p]\n" + keys("K"))
	_, err := awsconfig.Load(input(t, b.String(), "", "")).Resolve()
	var e *awsconfig.Error
	if !errors.As(err, &e) || e.Code != awsconfig.ErrSettings || !strings.Contains(e.Message, "more than 64") {
		t.Errorf("%v", err)
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	want := time.Date(2099, 5, 16, 19, 19, 29, 0, time.UTC)
	for _, text := range []string{
		"2099-05-16T19:19:29Z", "2099-05-16T19:19:29UTC", "2099-05-16T19:19:29+0000", "2099-05-16T19:19:29+00:00", "2099-05-16T19:19:29+00",
		"2099-05-16 19:19:29Z", "2099-05-16 19:19:29 UTC", "2099-05-16 19:19:29", "2099-05-16T21:19:29+0200", "2099-05-16T19:19:29", "20990516T191929Z",
	} {
		if got, err := awsconfig.ParseTime(text); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "tomorrow", "2099", "19:19:29"} {
		if got, err := awsconfig.ParseTime(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestHomeWithDollar(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "$HOME")
	if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".aws", "config"), []byte("[default]\n"+keys("K")), 0o600); err != nil {
		t.Fatal(err)
	}
	none := func(string) (string, bool) { return "", false }
	if c, err := awsconfig.Load(awsconfig.Input{Home: home, Environ: none}).Resolve(); err != nil || c.Keys.AccessKeyID != "K" {
		t.Errorf("%+v, %v", c, err)
	}
}
