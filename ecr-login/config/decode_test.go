package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// rule returns a file with one rule that matches every registry. The given lines begin on line 3.
func rule(lines string) string { return "[[registry]]\nmatch = \"*\"\n" + lines }

// TestBadFiles checks the line, the message and the suggested key of each error, and that nothing
// of the file is used.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text    string
		line    int
		want    string
		nearest string
	}{
		// Not TOML.
		"no value":               {"\ntimeout =\n", 2, "not valid TOML", ""},
		"quotation mark missing": {"timeout = \"15s\npublic = \"auto\"\n", 1, "not valid TOML", ""},
		"bracket missing":        {"timeout = \"15s\"\n\n[[registry]\nmatch = \"*\"\n", 3, "not valid TOML", ""},
		"key twice":              {"timeout = \"15s\"\npublic = \"auto\"\ntimeout = \"16s\"\n", 3, "not valid TOML", ""},
		"not UTF-8":              {"public = \"auto\"\ntimeout = \"\xff\"\n", 2, "not valid TOML", ""},
		"UTF-16":                 {"\xff\xfet\x00i\x00m\x00", 1, "UTF-16", ""},
		"UTF-16, big-endian":     {"\xfe\xff\x00t\x00i\x00m", 1, "UTF-16", ""},
		"UTF-16 without a mark":  {"t\x00i\x00m\x00e\x00", 1, "UTF-16", ""},
		"YAML":                   {"timeout: 15s\n", 1, "not valid TOML", ""},
		"JSON":                   {"{\"timeout\": \"15s\"}\n", 1, "not valid TOML", ""},

		// Unknown keys.
		"letter missing":                {"\n\ntimout = \"15s\"\n", 3, `unknown key "timout"`, "timeout"},
		"letter swapped":                {"pubilc = \"auto\"\n", 1, `unknown key "pubilc"`, "public"},
		"upper case":                    {"Timeout = \"15s\"\n", 1, `unknown key "Timeout"`, "timeout"},
		"nothing like it":               {"colour = \"red\"\n", 1, `unknown key "colour"`, ""},
		"a short key like any other":    {"x = 1\n", 1, `unknown key "x"`, ""},
		"unknown table":                 {"[aws]\nprofile = \"a\"\n", 1, `unknown key "aws"`, ""},
		"key of a rule outside of one":  {"profile = \"a\"\n", 1, `unknown key "profile"`, ""},
		"hyphen for underscore":         {rule("role-arn = \"x\"\n"), 3, `unknown key "registry.role-arn"`, "role_arn"},
		"upper case in a rule":          {rule("Profile = \"x\"\n"), 3, `unknown key "registry.Profile"`, "profile"},
		"upper case beside the key":     {rule("profile = \"x\"\nPROFILE = \"y\"\n"), 4, `unknown key "registry.PROFILE"`, "profile"},
		"key of the file within a rule": {rule("timeout = \"15s\"\n"), 3, `unknown key "registry.timeout"`, ""},
		"the second of two rules":       {rule("") + rule("profil = \"x\"\n"), 5, `unknown key "registry.profil"`, "profile"},
		"table within a rule":           {rule("[registry.role]\narn = \"x\"\n"), 3, `unknown key "registry.role"`, ""},
		"tables within a rule":          {rule("[[registry.role]]\narn = \"x\"\n"), 3, `unknown key "registry.role"`, ""},
		"name of the table":             {"[[registries]]\nmatch = \"*\"\n", 1, `unknown key "registries"`, ""},
		"name of the table, nearly":     {"[[registy]]\nmatch = \"*\"\n", 1, `unknown key "registy"`, "registry"},
		"rule in brackets":              {"registry = [\n {match = \"*\"},\n {mach = \"*\"}]\n", 3, `unknown key "registry.mach"`, "match"},
		"dotted key":                    {"registry.match = \"*\"\n", 1, "write [[registry]]", ""},
		"partition":                     {"partitions = [{sufix = \"a.example\"}]\n", 1, `unknown key "partitions.sufix"`, "suffix"},
		"upper case in a partition":     {"partitions = [{Suffix = \"a.example\"}]\n", 1, `unknown key "partitions.Suffix"`, "suffix"},

		// One bracket, which the decoder ignores.
		"rule with one bracket":      {"\n[registry]\nmatch = \"*\"\nprofile = \"a\"\n", 2, "write [[registry]]", ""},
		"partition with one bracket": {"[partitions]\nsuffix = \"a.example\"\n", 1, "write [[partitions]]", ""},

		// Types.
		"number for a duration": {"timeout = 15\n", 1, `"timeout" must be text in quotation marks, not of type integer`, ""},
		"text for a boolean":    {rule("fips = \"yes\"\n"), 3, `"registry.fips" must be true or false, not of type string`, ""},
		"boolean for a text":    {rule("profile = true\n"), 3, `"registry.profile" must be text in quotation marks, not of type bool`, ""},
		"list for a pattern":    {"[[registry]]\nmatch = [\"*\"]\n", 2, `"registry.match" must be text in quotation marks, not of type array`, ""},
		"text for rules":        {"registry = \"*\"\n", 1, `"registry" must be a list of tables, not of type string`, ""},
		"table for rules":       {"registry = {match = \"*\"}\n", 1, `"registry" must be a list of tables, not of type inline table`, ""},
		"texts for partitions":  {"partitions = [\"a.example\"]\n", 1, "must be a list of tables, not of type string", ""},

		// Values.
		"duration without unit":        {"public = \"auto\"\ntimeout = \"15\"\n", 2, `timeout "15" is not a duration`, ""},
		"zero duration":                {"timeout = \"0s\"\n", 1, "is not between", ""},
		"negative time":                {"timeout = \"-5s\"\n", 1, "is not between", ""},
		"shorter than any request":     {"timeout = \"1ms\"\n", 1, "is not between", ""},
		"a day":                        {"timeout = \"24h\"\n", 1, "is not between", ""},
		"no such choice of public":     {"public = \"on\"\n", 1, `public "on" is not one of auto, always, never`, ""},
		"no choice of public":          {"public = \"\"\n", 1, "is not one of", ""},
		"no such choice of sealing":    {"sealing = \"never\"\n", 1, `sealing "never" is not one of auto, required`, ""},
		"fallback to itself":           {"fallback = \"ecr-login\"\n", 1, "this helper itself", ""},
		"fallback to itself, profiled": {"fallback = \"ecr-login-prod\"\n", 1, "this helper itself", ""},
		"fallback with its prefix":     {"fallback = \"docker-credential-x/y\"\n", 1, "not the name of a helper", ""},
		"fallback that is a path":      {"fallback = \"../pass\"\n", 1, "not the name of a helper", ""},
		"fallback in another script":   {"fallback = \"pаss\"\n", 1, "not the name of a helper", ""},
		"fallback to nothing":          {"fallback = \"\"\n", 1, "is empty", ""},

		// Rules.
		"no match":                      {"timeout = \"1s\"\n[[registry]]\nprofile = \"a\"\n", 2, "match is missing", ""},
		"empty match":                   {"[[registry]]\nprofile = \"a\"\nmatch = \"\"\n", 3, "match is missing", ""},
		"empty profile":                 {rule("profile = \"\"\n"), 3, "profile is empty", ""},
		"empty role":                    {rule("role_arn = \"\"\n"), 3, "role_arn is empty", ""},
		"profile that ends its section": {rule("profile = \"a]\"\n"), 3, "not a profile name", ""},
		"profile of two lines":          {rule("profile = \"a\\nb\"\n"), 3, "not a profile name", ""},
		"external id without a role":    {rule("profile = \"a\"\nexternal_id = \"id\"\n"), 4, "needs a role_arn", ""},
		"session name without a role":   {rule("session_name = \"me\"\n"), 3, "needs a role_arn", ""},
		"user for a role":               {rule("role_arn = \"arn:aws:iam::111122223333:user/ann\"\n"), 3, "not the ARN of a role", ""},
		"role's name for its ARN":       {rule("role_arn = \"pull-images\"\n"), 3, "not the ARN of a role", ""},
		"session for a role":            {rule("role_arn = \"arn:aws:sts::111122223333:assumed-role/a/b\"\n"), 3, "not the ARN of a role", ""},
		"role without a name":           {rule("role_arn = \"arn:aws:iam::111122223333:role/\"\n"), 3, "not the ARN of a role", ""},
		"role of a short account":       {rule("role_arn = \"arn:aws:iam::11112222333:role/x\"\n"), 3, "twelve-digit account", ""},
		"role of no account":            {rule("role_arn = \"arn:aws:iam:::role/x\"\n"), 3, "twelve-digit account", ""},
		"space in a role":               {rule("role_arn = \"arn:aws:iam::111122223333:role/a b\"\n"), 3, "not allowed in a role name", ""},
		"unknown placeholder":           {rule("role_arn = \"arn:aws:iam::{acount}:role/x\"\n"), 3, "unknown placeholder {acount}", ""},
		"placeholder in another case":   {rule("profile = \"{Account}\"\n"), 3, "unknown placeholder {Account}", ""},
		"placeholder of nothing":        {rule("profile = \"{}\"\n"), 3, "unknown placeholder {}", ""},
		"brace not closed":              {rule("profile = \"a{account\"\n"), 3, "{ without }", ""},
		"brace not opened":              {rule("profile = \"a}{account}\"\n"), 3, "} without {", ""},
		"short external id":             {rule("role_arn = \"arn:aws:iam::111122223333:role/x\"\nexternal_id = \"x\"\n"), 4, "external_id is not", ""},
		"space in a session's name":     {rule("role_arn = \"arn:aws:iam::111122223333:role/x\"\nsession_name = \"a b\"\n"), 4, "is not 2 to 64", ""},
		"long session name":             {rule("role_arn = \"arn:aws:iam::111122223333:role/x\"\nsession_name = \"" + strings.Repeat("x", 65) + "\"\n"), 4, "is not 2 to 64", ""},
		"host for a region":             {rule("region = \"sts.eu-west-1.amazonaws.com\"\n"), 3, "not a region name", ""},
		"endpoint without a scheme":     {rule("endpoint = \"vpce.example\"\n"), 3, "begins with https:// or http://", ""},
		"endpoint of another scheme":    {rule("endpoint = \"ftp://vpce.example\"\n"), 3, "begins with https:// or http://", ""},
		"endpoint of scheme alone":      {rule("endpoint = \"https://\"\n"), 3, "is not a URL", ""},
		"endpoint with user info":       {rule("endpoint = \"https://ann:secret-for-tests@vpce.example\"\n"), 3, "user info", ""},
		"endpoint with a late @":        {rule("endpoint = \"https://ann:secret-for-tests/@vpce.example\"\n"), 3, "user info", ""},
		"endpoint with a secret query":  {rule("endpoint = \"https://vpce.example/?key=secret-for-tests\"\n"), 3, "query", ""},
		"endpoint with a query":         {rule("endpoint = \"https://vpce.example?x=1\"\n"), 3, "query", ""},
		"endpoint with a fragment":      {rule("endpoint = \"https://vpce.example#x\"\n"), 3, "fragment", ""},
		"endpoint with a bad port":      {rule("endpoint = \"https://vpce.example:99999\"\n"), 3, "port", ""},
		"endpoint with a space":         {rule("endpoint = \"https://vpce .example\"\n"), 3, "is not a URL", ""},
		"error in the second rule":      {rule("") + "\n[[registry]]\nmatch = \"public.ecr.aws\"\n", 5, "is never reached: the rule on line 1", ""},
		"error in a rule in brackets":   {"registry = [\n  {match = \"111122223333\"},\n  {profile = \"a\",\n   match = \"nonsense\"}]\n", 4, "is not an ECR host", ""},

		// Partitions.
		"partition that is built in": {"partitions = [{suffix = \"amazonaws.com\"}]\n", 1, "built in", ""},
		"partition's name that is":   {"\npartitions = [{suffix = \"a.example\", partition = \"aws\"}]\n", 2, "built in", ""},
		"top-level domain":           {"partitions = [{suffix = \"com\"}]\n", 1, "top-level domain", ""},
		"suffix with a leading dot":  {"partitions = [{suffix = \".a.example\"}]\n", 1, "not a lower-case DNS name", ""},
		"suffix with a star":         {"partitions = [{suffix = \"*.example\"}]\n", 1, "not a lower-case DNS name", ""},
		"no suffix":                  {"[[partitions]]\npartition = \"x\"\n", 1, "not a lower-case DNS name", ""},
		"suffix twice":               {"partitions = [\n{suffix = \"a.example\"},\n{suffix = \"a.example\", partition = \"b\"}]\n", 3, "occurs twice", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.write(filepath.Join(m.system, "config.toml"), "timeout = \"4s\"\n")
			m.write(m.file(), test.text)
			s, e := problem(t, m)
			if e.Path != m.file() || e.Line != test.line || e.Nearest != test.nearest || !strings.Contains(e.Message, test.want) {
				t.Errorf("line %d, nearest %q: %s\nwant line %d, nearest %q: ...%s...", e.Line, e.Nearest, e, test.line, test.nearest, test.want)
			}
			for _, never := range []string{"secret-for-tests", "document", "toml:", "\n"} {
				if strings.Contains(e.Message, never) {
					t.Errorf("%q in %q", never, e.Message)
				}
			}
			if s.Timeout != config.DefaultTimeout || s.Rules != nil || s.Partitions != nil || s.Path != "" {
				t.Errorf("the settings are not the defaults: %+v", s)
			}
		})
	}
}

// TestErrorText checks that the place, the mistake and the suggestion are in one line.
func TestErrorText(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(m.file(), "timout = \"15s\"\n")
	_, e := problem(t, m)
	if want := m.file() + `:1: unknown key "timout", did you mean "timeout"?`; e.Error() != want {
		t.Errorf("error %q, want %q", e, want)
	}
	m.env["ECR_LOGIN_CONFIG"] = filepath.Join(m.home, "absent")
	_, e = problem(t, m)
	if want := m.env["ECR_LOGIN_CONFIG"] + ": cannot read the settings: "; !strings.HasPrefix(e.Error(), want) || !errors.Is(e, os.ErrNotExist) {
		t.Errorf("error %q, want it to begin with %q", e, want)
	}
}

// TestEveryKey checks that every key sets its field, and the lines of the rules.
func TestEveryKey(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	yes, no := true, false
	m.write(m.file(), `timeout  = "1m"  # a comment
fallback = "pass"
public   = "never"
sealing  = "required"
partitions = [
  {suffix = "amazonaws.example"},
  {suffix = "b.example", partition = "aws-b"},
]

[[registry]]
match = "111122223333.DKR.ecr.*.amazonaws.com"
profile = "prod"

# Another comment.
[[ registry ]]
"match" = '''*/eu-west-1'''
role_arn = """
arn:{partition}:iam::{account}:role/\
path/pull"""
external_id = "id-1"
session_name = "me@example"
region = "us-east-1"
endpoint = "https://vpce-1.api.ecr.{region}.vpce.amazonaws.com:8443/path"
fips = true
dual_stack = false
profile = "base {account}"
[[registry]]
match = "images.example.com:443"
host = "444455556666.dkr.ecr.eu-west-1.amazonaws.com"
`)
	m.write(m.file(), strings.Replace(read(t, m.file()), "\"\"\"\narn", "\"\"\"arn", 1))
	got := loaded(t, m)
	want := config.Settings{
		Path:    m.file(),
		Timeout: time.Minute, ImageTimeout: config.MaxImageTimeout,
		Fallback: "pass",
		Public:   config.PublicNever,
		Sealing:  config.SealingRequired,
		Cache:    true,
		Partitions: []registry.Suffix{
			{Suffix: "amazonaws.example", Partition: "amazonaws-example"},
			{Suffix: "b.example", Partition: "aws-b"},
		},
		Rules: []config.Rule{
			{Line: 10, Match: "111122223333.dkr.ecr.*.amazonaws.com", Profile: "prod"},
			{
				Line: 15, Match: "*/eu-west-1", Profile: "base {account}",
				RoleARN: "arn:{partition}:iam::{account}:role/path/pull", ExternalID: "id-1", SessionName: "me@example",
				Region: "us-east-1", Endpoint: "https://vpce-1.api.ecr.{region}.vpce.amazonaws.com:8443/path",
				FIPS: &yes, DualStack: &no,
			},
			{Line: 26, Match: "images.example.com", Host: "444455556666.dkr.ecr.eu-west-1.amazonaws.com"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTOMLSpellings checks different ways to write the same in TOML.
func TestTOMLSpellings(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"\ufeffregistry = [{match = \"111122223333\", profile = \"a\"}, {match = \"444455556666\"}]\npartitions = [{suffix = \"a.example\"}]\n", // byte order mark
		"registry = [{match = \"111122223333\", profile = \"a\"}, {match = \"444455556666\"}]\npartitions = [{suffix = \"a.example\"}]\n",
		"[[partitions]]\nsuffix = \"a.example\"\n[[registry]]\nmatch = \"111122223333\"\nprofile = \"a\"\n[[registry]]\nmatch = \"444455556666\"\n",
		"[[\"registry\"]]\r\n\"m\\u0061tch\" = '111122223333'\r\nprofile = \"a\"\r\n\r\n[[registry]]\r\nmatch = \"444455556666\"\r\n[[partitions]]\r\nsuffix=\"a.example\"",
	} {
		m := newMachine(t)
		m.write(m.file(), text)
		s := loaded(t, m)
		if len(s.Rules) != 2 || s.Rules[0].Profile != "a" || s.Rules[1].Match != "444455556666" || len(s.Partitions) != 1 || s.Partitions[0].Suffix != "a.example" {
			t.Errorf("%q gives %+v", text, s)
		}
	}
	for _, text := range []string{"", "\ufeff", "\n", "# nothing\n", "registry = []\n", "partitions = []\n"} {
		m := newMachine(t)
		m.write(m.file(), text)
		if s := loaded(t, m); s.Path != m.file() || len(s.Rules)+len(s.Partitions) != 0 || s.Timeout != config.DefaultTimeout {
			t.Errorf("%q gives %+v", text, s)
		}
	}
}
