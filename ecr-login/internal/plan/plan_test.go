package plan_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// planner returns a Planner with an empty home directory, the environment variables given as KEY,
// VALUE, and the settings.
func planner(t *testing.T, settings string, env ...string) *plan.Planner {
	t.Helper()
	dir := t.TempDir()
	vars := map[string]string{"HOME": dir}
	if settings != "" {
		vars["ECR_LOGIN_CONFIG"] = filepath.Join(dir, "settings.toml")
		if err := os.WriteFile(vars["ECR_LOGIN_CONFIG"], []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < len(env); i += 2 {
		vars[env[i]] = env[i+1]
	}
	environ := func(key string) (string, bool) { v, ok := vars[key]; return v, ok }
	s, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	return &plan.Planner{Settings: s, Environ: environ}
}

func keyOf(t *testing.T, p *plan.Planner, serverURL string) string {
	t.Helper()
	got, err := p.For(serverURL)
	if err != nil {
		t.Fatal(err)
	}
	return got.TokenKey
}

const host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

func TestAccountsShareToken(t *testing.T) {
	t.Parallel()
	p := planner(t, "")
	want := keyOf(t, p, host)
	for _, same := range []string{
		"210987654321.dkr.ecr.eu-west-1.amazonaws.com", // another account
		"https://" + host + "/v2/", host + ":443", host + ".",
	} {
		if got := keyOf(t, p, same); got != want {
			t.Errorf("%s has a token of its own", same)
		}
	}
}

func TestTokenKeysDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	add := func(what, key string) {
		if other, ok := seen[key]; ok {
			t.Errorf("%s shares a token with %s", what, other)
		}
		seen[key] = what
	}
	const rules = `
[[registry]]
match = "111122223333"
profile = "one"
[[registry]]
match = "222233334444"
profile = "two"
[[registry]]
match = "333344445555"
endpoint = "https://vpce.example"
`
	plain := planner(t, "")
	add("the environment's principal", keyOf(t, plain, host))
	for _, h := range []string{
		"123456789012.dkr.ecr.eu-west-2.amazonaws.com", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
		"123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr-ecr.us-east-1.on.aws",
		"123456789012.dkr-ecr-fips.us-east-1.on.aws", "public.ecr.aws", "ecr-public.aws.com",
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
	} {
		add(h, keyOf(t, plain, h))
	}
	add("another environment", keyOf(t, planner(t, "", "AWS_PROFILE", "other"), host))
	named := planner(t, "")
	named.Profile = "prod"
	add("a profile in the program's name", keyOf(t, named, host))
	for _, account := range []string{"111122223333", "222233334444", "333344445555"} {
		add("the rule of "+account, keyOf(t, planner(t, rules), account+".dkr.ecr.eu-west-1.amazonaws.com"))
	}
}

func TestProgramNameBeforeRule(t *testing.T) {
	t.Parallel()
	p := planner(t, "[[registry]]\nmatch = \"*\"\nprofile = \"rule\"\nrole_arn = \"arn:aws:iam::123456789012:role/pull\"\nendpoint = \"https://vpce.example\"\n")
	got, err := p.For(host)
	if err != nil {
		t.Fatal(err)
	}
	if got.Profile != "rule" || got.RoleARN == "" {
		t.Errorf("profile %q, role %q; want the rule's", got.Profile, got.RoleARN)
	}
	p.Profile = "name"
	if got, err = p.For(host); err != nil {
		t.Fatal(err)
	}
	if got.Profile != "name" || got.RoleARN != "" || got.Endpoint != "https://vpce.example" {
		t.Errorf("profile %q, role %q, endpoint %q; want the name's profile alone, and the rule's endpoint", got.Profile, got.RoleARN, got.Endpoint)
	}
}

func TestAnonymous(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]bool{`public = "never"`: true, `public = "auto"`: false, "": false} {
		p := planner(t, settings)
		public, err := p.For("public.ecr.aws")
		if err != nil || public.Anonymous != want {
			t.Errorf("settings %q: anonymous %t, %v; want %t", settings, public.Anonymous, err, want)
		}
		if private, err := p.For(host); err != nil || private.Anonymous {
			t.Errorf("settings %q: a private registry is asked anonymously", settings)
		}
	}
}

func TestHostsThatAreNotECR(t *testing.T) {
	t.Parallel()
	for _, h := range []string{"", "index.docker.io", host + ".evil.example", "images.example.com"} {
		if _, err := planner(t, "").For(h); !errors.Is(err, registry.ErrNotECR) {
			t.Errorf("%q: %v, want that it is not ECR", h, err)
		}
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for _, l := range []plan.Login{{"AWS", "not-a-real-token"}, {"AWS", "with:colons:"}} {
		if got, ok := plan.LoginOf(l.Value()); !ok || got != l {
			t.Errorf("%q became %q", l, got)
		}
	}
	for value, why := range map[string]string{
		"": "nothing", "AWS": "no colon", ":secret": "no user", "AWS:": "no password",
	} {
		if _, ok := plan.LoginOf([]byte(value)); ok {
			t.Errorf("%q was read as a login: %s", value, why)
		}
	}
}
