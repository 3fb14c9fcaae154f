package plan_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/identity"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

func about(t *testing.T, key string) plan.About {
	t.Helper()
	a, ok := plan.AboutKey(key)
	if !ok {
		t.Fatalf("%q is no key of a plan", key)
	}
	return a
}

func TestKeyNamesPrincipal(t *testing.T) {
	t.Parallel()
	const rules = `
[[registry]]
match = "111122223333"
profile = "one"
role_arn = "arn:aws:iam::{account}:role/pull"
endpoint = "https://vpce.example"
`
	r := registry.Registry{Region: "eu-west-1", Partition: "aws", Service: registry.Private}
	fips := registry.Registry{Region: "us-east-1", Partition: "aws", Service: registry.Private, FIPS: true, DualStack: true}
	public := registry.Registry{Region: "us-east-1", Partition: "aws", Service: registry.Public}
	publicDual := public
	publicDual.DualStack = true
	for serverURL, want := range map[string]plan.About{
		host: {Registry: r, Profile: "default", Source: awsconfig.Environment},
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com": {
			Registry: r, Profile: "one", Source: awsconfig.MissingProfile,
			RoleARN: "arn:aws:iam::111122223333:role/pull", Endpoint: "https://vpce.example",
		},
		"123456789012.dkr-ecr-fips.us-east-1.on.aws": {Registry: fips, Profile: "default", Source: awsconfig.Environment},
		"public.ecr.aws":     {Registry: public, Profile: "default", Source: awsconfig.Environment},
		"ecr-public.aws.com": {Registry: publicDual, Profile: "default", Source: awsconfig.Environment},
	} {
		p := planner(t, rules, "AWS_ACCESS_KEY_ID", "not-a-real-key", "AWS_SECRET_ACCESS_KEY", "not-a-real-secret")
		got, err := p.For(serverURL)
		if err != nil {
			t.Fatal(err)
		}
		a := about(t, got.TokenKey)
		if a != want {
			t.Errorf("%s: %+v, want %+v", serverURL, a, want)
		}
		if !a.Opens(got) {
			t.Errorf("the token of %s does not open it", serverURL)
		}
		if strings.Contains(got.TokenKey, "not-a-real") {
			t.Errorf("the key of %s holds credentials", serverURL)
		}
		if a := about(t, got.LoginKey); a.Host != got.Host || !a.Opens(got) {
			t.Errorf("the login of %s: %+v", serverURL, a)
		}
	}
}

func TestAboutOtherKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "token", "token\x00", "token\x00a\x00b", "something\x00else", strings.Repeat("token\x00", 9)} {
		if a, ok := plan.AboutKey(key); ok {
			t.Errorf("%q is taken for %+v", key, a)
		}
	}
}

func TestTokenIsValidForItsKind(t *testing.T) {
	t.Parallel()
	p := planner(t, "[[registry]]\nmatch = \"333344445555\"\nendpoint = \"https://vpce.example\"\n")
	a := about(t, keyOf(t, p, host))
	for serverURL, want := range map[string]bool{
		"210987654321.dkr.ecr.eu-west-1.amazonaws.com":      true,  // another account
		"333344445555.dkr.ecr.eu-west-1.amazonaws.com":      false, // another endpoint
		"123456789012.dkr.ecr.eu-west-2.amazonaws.com":      false,
		"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com": false,
		"123456789012.dkr-ecr.eu-west-1.on.aws":             false,
		"public.ecr.aws":                                    false,
	} {
		other, err := p.For(serverURL)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Opens(other); got != want {
			t.Errorf("the token of %s opens %s: %v, want %v", host, serverURL, got, want)
		}
	}
}

// The cache bounds its keys, so a long label must not make a key too long.
func TestLongLabelsAreCut(t *testing.T) {
	t.Parallel()
	p := planner(t, "")
	p.Profile = strings.Repeat("p", 5000)
	if key := keyOf(t, p, host); len(key) > 1000 {
		t.Errorf("the key has %d bytes", len(key))
	}
}

// A region's token is that of a registry of the region without a rule.
func TestForRegionSharesTheTokenOfItsRegistries(t *testing.T) {
	t.Parallel()
	p := planner(t, "[[registry]]\nmatch = \"333344445555\"\nprofile = \"other\"\n")
	r := registry.Registry{Region: "eu-west-1", Partition: "aws", Service: registry.Private}
	got := p.ForRegion(r, "")
	if got.TokenKey != keyOf(t, p, host) {
		t.Error("the region's token is not that of its registries")
	}
	if got.TokenKey == keyOf(t, p, "333344445555.dkr.ecr.eu-west-1.amazonaws.com") {
		t.Error("the region's token is that of a registry that has a rule")
	}
	if p.ForRegion(r, "https://vpce.example").TokenKey == got.TokenKey {
		t.Error("the endpoint is not part of the key")
	}
	never := planner(t, "public = \"never\"\n")
	public := registry.Registry{Region: "us-east-1", Partition: "aws", Service: registry.Public}
	if !never.ForRegion(public, "").Anonymous || never.ForRegion(r, "").Anonymous {
		t.Error(`public = "never" is about ECR Public, and about nothing else`)
	}
}

// The keys of fixed situations. A change here makes every user's cached tokens unusable once: it
// must be intended, and comes with a new number of the scheme in package identity. Wording never
// changes a key.
func TestKeysOfFixedSituations(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // paths are part of some keys
	}
	var got strings.Builder
	account := &identity.ServiceAccount{Namespace: "shop", Name: "web", UID: "1", RoleARN: "arn:aws:iam::123456789012:role/pod"}
	for _, c := range []struct {
		name, profile, server string
		account               *identity.ServiceAccount
	}{
		{"keys", "keys", host, nil},
		{"keys, FIPS", "keys", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", nil},
		{"keys, ECR Public", "keys", "public.ecr.aws", nil},
		{"SSO", "sso", host, nil},
		{"process", "process", host, nil},
		{"role", "role", host, nil},
		{"missing", "missing", host, nil},
		{"service account", "", host, account},
	} {
		p := planner(t, "", "HOME", "/nonexistent", "USERPROFILE", "/nonexistent", "AWS_CONFIG_FILE", "testdata/config", "AWS_SHARED_CREDENTIALS_FILE", "testdata/missing",
			"AWS_SESSION_TOKEN", "not-a-real-token")
		p.Profile, p.Account = c.profile, c.account
		key := keyOf(t, p, c.server)
		fmt.Fprintf(&got, "%s: %s\n", c.name, strings.ReplaceAll(key, "\x00", "|"))
	}
	want, err := os.ReadFile("testdata/keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the keys are\n%swant\n%s", got.String(), want)
	}
}
