package identity_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/identity"
)

// world is a home directory and an environment for one test.
type world struct {
	t      testing.TB
	env    map[string]string
	home   string
	source identity.Source
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, env: map[string]string{}, home: t.TempDir()}
	w.source = identity.Source{Home: w.home, Environ: func(key string) (string, bool) {
		value, ok := w.env[key]
		return value, ok
	}}
	return w
}

// path returns the path of a file below the home directory.
func (w *world) path(name string) string { return filepath.Join(w.home, filepath.FromSlash(name)) }

func (w *world) write(name, text string) string {
	w.t.Helper()
	path := w.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) remove(name string) {
	w.t.Helper()
	if err := os.RemoveAll(w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sum() string {
	w.t.Helper()
	f := w.source.Fingerprint()
	if len(f.Sum) != 64 || strings.Trim(f.Sum, "0123456789abcdef") != "" {
		w.t.Fatalf("sum %q is not a SHA-256 sum in hexadecimal digits", f.Sum)
	}
	return f.Sum
}

// jwt returns a JSON Web Token with the claims and an invalid signature.
func jwt(claims, signature string) string {
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(`{"alg":"none"}`)) + "." + e.EncodeToString([]byte(claims)) + "." + e.EncodeToString([]byte(signature))
}

// The names of the session files come from sha1sum and sha256sum, not from the code under test.
const (
	ssoFile    = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"                           // corp
	legacyFile = ".aws/sso/cache/1c5a689b7bb92284d0c514c4b1c1e1ce96d9621f.json"                           // https://start.example
	loginFile  = ".aws/login/cache/617a42bf0cc7e52ae16d10443f260d451c255a489505091810c95d5c7ec927d1.json" // arn:aws:iam::111122223333:user/ann
	loginName  = "617a42bf0cc7e52ae16d10443f260d451c255a489505091810c95d5c7ec927d1.json"
)

const everyProfile = `
[default]
region = eu-west-1

[profile keys]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = secret-for-tests

[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = reader

[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://start.example

[profile legacy]
sso_region = eu-west-1
sso_start_url = https://start.example
sso_account_id = 111122223333
sso_role_name = reader

[profile login]
login_session = arn:aws:iam::111122223333:user/ann

[profile process]
credential_process = /usr/bin/false

[profile over-sso]
role_arn = arn:aws:iam::444455556666:role/pull
source_profile = sso

[profile two-hops]
role_arn = arn:aws:iam::777788889999:role/pull
source_profile = over-sso
`

// TestEditsChange checks that the sum changes with the source of the credentials.
func TestEditsChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, edit func(w *world)
	}{
		"config file appears": {nil, func(w *world) { w.write(".aws/config", "") }},
		"config file edited": {
			func(w *world) { w.write(".aws/config", "[default]\nrole_arn = a\n") },
			func(w *world) { w.write(".aws/config", "[default]\nrole_arn = b\n") },
		},
		"comment in the config file edited, since bytes count": {
			func(w *world) { w.write(".aws/config", "# a\n") },
			func(w *world) { w.write(".aws/config", "# b\n") },
		},
		"credentials file edited": {
			func(w *world) { w.write(".aws/credentials", "[default]\naws_access_key_id = AKIDEXAMPLE\n") },
			func(w *world) { w.write(".aws/credentials", "[default]\naws_access_key_id = AKIDEXAMPLE2\n") },
		},
		"text moved from one file to the other": {
			func(w *world) { w.write(".aws/config", "[default]\n"); w.write(".aws/credentials", "") },
			func(w *world) { w.write(".aws/config", ""); w.write(".aws/credentials", "[default]\n") },
		},
		"file that AWS_CONFIG_FILE names edited": {
			func(w *world) { w.env["AWS_CONFIG_FILE"] = w.write("elsewhere", "[default]\n") },
			func(w *world) { w.write("elsewhere", "[default]\nregion = x\n") },
		},
		"file that AWS_SHARED_CREDENTIALS_FILE names edited": {
			func(w *world) { w.env["AWS_SHARED_CREDENTIALS_FILE"] = w.write("elsewhere", "[default]\n") },
			func(w *world) { w.write("elsewhere", "[other]\n") },
		},
		"file longer than is read, edited within": {
			func(w *world) { w.write(".aws/config", "# a"+strings.Repeat("x", 5<<20)) },
			func(w *world) { w.write(".aws/config", "# b"+strings.Repeat("x", 5<<20)) },
		},
		"file longer than is read, with another end": {
			func(w *world) { w.write(".aws/config", strings.Repeat("x", 5<<20)) },
			func(w *world) { w.write(".aws/config", strings.Repeat("x", 5<<20)+"y") },
		},
		"profile forced":         {nil, func(w *world) { w.source.Profile = "prod" }},
		"default profile forced": {nil, func(w *world) { w.source.Profile = "default" }},
		"rule":                   {nil, func(w *world) { w.source.Rule = `profile="prod"` }},
		"rule and profile parted elsewhere": {
			func(w *world) { w.source.Rule, w.source.Profile = "ab", "c" },
			func(w *world) { w.source.Rule, w.source.Profile = "a", "bc" },
		},
		"value of one variable moved to another": {
			func(w *world) { w.env["AWS_SESSION_TOKEN"] = "token" },
			func(w *world) { w.env["AWS_SESSION_TOKEN"], w.env["AWS_SECURITY_TOKEN"] = "", "token" },
		},
		"empty endpoint, which the SDK distinguishes from a missing one": {
			nil, func(w *world) { w.env["AWS_ENDPOINT_URL"] = "" },
		},
		"service account": {nil, func(w *world) { w.source.Kubelet = &identity.ServiceAccount{} }},
		"service account's namespace": {
			func(w *world) { w.source.Kubelet = &identity.ServiceAccount{Namespace: "a", Name: "b"} },
			func(w *world) { w.source.Kubelet = &identity.ServiceAccount{Namespace: "c", Name: "b"} },
		},
		"service account's name": {
			func(w *world) { w.source.Kubelet = &identity.ServiceAccount{Namespace: "ab", Name: "c"} },
			func(w *world) { w.source.Kubelet = &identity.ServiceAccount{Namespace: "a", Name: "bc"} },
		},
		"service account made anew under its name": {
			func(w *world) { w.source.Kubelet = &identity.ServiceAccount{Name: "a", UID: "1"} },
			func(w *world) { w.source.Kubelet = &identity.ServiceAccount{Name: "a", UID: "2"} },
		},
		"service account's role": {
			func(w *world) { w.source.Kubelet = &identity.ServiceAccount{Name: "a", RoleARN: "1"} },
			func(w *world) { w.source.Kubelet = &identity.ServiceAccount{Name: "a", RoleARN: "2"} },
		},
		"web identity token of another issuer": {
			func(w *world) {
				w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = w.write("token", jwt(`{"iss":"https://a.example","sub":"x"}`, "1"))
			},
			func(w *world) { w.write("token", jwt(`{"iss":"https://b.example","sub":"x"}`, "1")) },
		},
		"web identity token of another subject": {
			func(w *world) {
				w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = w.write("token", jwt(`{"iss":"https://a.example","sub":"x"}`, "1"))
			},
			func(w *world) { w.write("token", jwt(`{"iss":"https://a.example","sub":"y"}`, "1")) },
		},
		"token without subject, whose bytes count": {
			func(w *world) { w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = w.write("token", jwt(`{"iss":"a"}`, "1")) },
			func(w *world) { w.write("token", jwt(`{"iss":"a"}`, "2")) },
		},
		"token that is no JSON Web Token": {
			func(w *world) { w.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = w.write("token", "opaque-1") },
			func(w *world) { w.write("token", "opaque-2") },
		},
		"token with four parts, which is no JSON Web Token": {
			func(w *world) {
				w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = w.write("token", jwt(`{"iss":"a","sub":"b"}`, "1")+".x")
			},
			func(w *world) { w.write("token", jwt(`{"iss":"a","sub":"b"}`, "2")+".x") },
		},
		"token file removed": {
			func(w *world) {
				w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = w.write("token", jwt(`{"iss":"a","sub":"b"}`, "1"))
			},
			func(w *world) { w.remove("token") },
		},
		"token file that cannot be read, under another name": {
			func(w *world) { w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/nowhere/a" },
			func(w *world) { w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/nowhere/b" },
		},
		"token moved to the other variable": {
			func(w *world) { w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = w.write("token", "opaque") },
			func(w *world) {
				w.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = w.env["AWS_WEB_IDENTITY_TOKEN_FILE"]
				w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = ""
			},
		},
		"profile's web identity token of another subject": {
			func(w *world) {
				w.write(".aws/config", "[default]\nrole_arn = r\nweb_identity_token_file = "+w.write("token", jwt(`{"iss":"a","sub":"x"}`, "1")))
			},
			func(w *world) { w.write("token", jwt(`{"iss":"a","sub":"y"}`, "1")) },
		},
		"aws sso logout": {
			func(w *world) { w.source.Profile = "sso"; w.write(ssoFile, "{}") },
			func(w *world) { w.remove(ssoFile) },
		},
		"aws sso logout, session in the profile": {
			func(w *world) { w.source.Profile = "legacy"; w.write(legacyFile, "{}") },
			func(w *world) { w.remove(legacyFile) },
		},
		"aws sso logout, session of the source profile": {
			func(w *world) { w.source.Profile = "over-sso"; w.write(ssoFile, "{}") },
			func(w *world) { w.remove(ssoFile) },
		},
		"aws sso logout, session of the source's source profile": {
			func(w *world) { w.env["AWS_PROFILE"] = "two-hops"; w.write(ssoFile, "{}") },
			func(w *world) { w.remove(ssoFile) },
		},
		"aws logout": {
			func(w *world) { w.source.Profile = "login"; w.write(loginFile, "{}") },
			func(w *world) { w.remove(loginFile) },
		},
		"aws logout, sessions kept elsewhere": {
			func(w *world) {
				w.source.Profile = "login"
				w.env["AWS_LOGIN_CACHE_DIRECTORY"] = w.path("sessions")
				w.write("sessions/"+loginName, "{}")
			},
			func(w *world) { w.remove("sessions") },
		},
		"instance credentials on another machine": {
			func(w *world) { w.write(".aws/config", ""); w.source.Machine = "one" },
			func(w *world) { w.source.Machine = "two" },
		},
		"container credentials on another machine": {
			func(w *world) {
				w.source.Machine = "one"
				w.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x"
			},
			func(w *world) { w.source.Machine = "two" },
		},
		"role assumed with instance credentials on another machine": {
			func(w *world) {
				w.source.Machine = "one"
				w.write(".aws/config", "[default]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n")
			},
			func(w *world) { w.source.Machine = "two" },
		},
		"home directory of a credential process": {
			func(w *world) { w.source.Profile = "process" },
			func(w *world) { w.home = w.t.TempDir(); w.source.Home = w.home; w.write(".aws/config", everyProfile) },
		},
		"home directory of an SSO session": {
			func(w *world) { w.source.Profile = "sso" },
			func(w *world) { w.home = w.t.TempDir(); w.source.Home = w.home; w.write(".aws/config", everyProfile) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if test.before != nil {
				w.write(".aws/config", everyProfile)
				test.before(w)
			}
			before := w.sum()
			if again := w.sum(); again != before {
				t.Fatalf("two sums of one source: %s and %s", before, again)
			}
			test.edit(w)
			if w.sum() == before {
				t.Error("the sum is the same")
			}
		})
	}
}

// TestVariablesCount checks that each value of each variable has its own sum, and that an empty
// variable counts as not set.
func TestVariablesCount(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, name := range identity.Variables {
		w := newWorld(t)
		for _, value := range []string{"a", "b", "ab"} {
			w.env[name] = value
			sum := w.sum()
			if other, ok := seen[sum]; ok {
				t.Errorf("%s=%s has the sum of %s", name, value, other)
			}
			seen[sum] = name + "=" + value
		}
		delete(w.env, name)
		none := w.sum()
		w.env[name] = ""
		if empty := w.sum() != none; empty != strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
			t.Errorf("%s= differs from no %s: %v", name, name, empty)
		}
	}
}

// TestOthersDoNotCount checks that the sum stays the same when something else changes than the
// source of the credentials.
func TestOthersDoNotCount(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, change func(w *world)
	}{
		"unrelated variables": {nil, func(w *world) {
			for _, name := range []string{
				"PATH", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_CA_BUNDLE", "AWS_PAGER",
				"AWS_MAX_ATTEMPTS", "HTTPS_PROXY", "USER", "TMPDIR", "AWS_ECR_CACHE_DIR", "ECR_LOGIN_TIMEOUT",
				"AWS_ENDPOINT_URL_S3", "AWS_CREDENTIAL_EXPIRATION", "HOME",
			} {
				w.env[name] = "something"
			}
		}},
		"web identity token rotated": {
			func(w *world) {
				w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = w.write("token", jwt(`{"iss":"https://a.example","sub":"x","exp":1}`, "1"))
			},
			func(w *world) {
				w.write("token", jwt(`{"sub":"x","jti":"fresh","exp":2,"aud":["sts"],"iss":"https://a.example"}`, "2")+"\n")
			},
		},
		"web identity token in a new directory for each job": {
			func(w *world) {
				w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = w.write("job-1/token", jwt(`{"iss":"a","sub":"b"}`, "1"))
			},
			func(w *world) {
				w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = w.write("job-2/token", jwt(`{"iss":"a","sub":"b"}`, "2"))
			},
		},
		"EKS Pod Identity token rotated": {
			func(w *world) {
				w.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = w.write("token", jwt(`{"iss":"a","sub":"b"}`, "1"))
			},
			func(w *world) { w.write("token", jwt(`{"iss":"a","sub":"b"}`, "2")) },
		},
		"profile's web identity token rotated": {
			func(w *world) {
				w.write(".aws/config", "[default]\nrole_arn = r\nweb_identity_token_file = "+w.write("token", jwt(`{"iss":"a","sub":"b"}`, "1")))
			},
			func(w *world) { w.write("token", jwt(`{"iss":"a","sub":"b"}`, "2")) },
		},
		"SSO session refreshed": {
			func(w *world) { w.source.Profile = "sso"; w.write(ssoFile, `{"accessToken":"not-a-real-token-1"}`) },
			func(w *world) { w.write(ssoFile, `{"accessToken":"not-a-real-token-2"}`) },
		},
		"aws login session refreshed": {
			func(w *world) { w.source.Profile = "login"; w.write(loginFile, `{"accessToken":"not-a-real-token-1"}`) },
			func(w *world) { w.write(loginFile, `{"accessToken":"not-a-real-token-2"}`) },
		},
		"another profile's SSO session": {
			func(w *world) { w.source.Profile = "keys"; w.write(ssoFile, "{}") },
			func(w *world) { w.remove(ssoFile) },
		},
		"another SSO session's file": {
			func(w *world) { w.source.Profile = "sso"; w.write(ssoFile, "{}") },
			func(w *world) { w.write(legacyFile, "{}") },
		},
		"key of a profile on another machine": {
			func(w *world) { w.source.Profile = "keys"; w.source.Machine = "one" },
			func(w *world) { w.source.Machine = "two" },
		},
		"files touched": {
			nil, func(w *world) { w.write(".aws/config", everyProfile) },
		},
		"the same files in another home": {
			func(w *world) { w.source.Profile = "keys" },
			func(w *world) { w.home = w.t.TempDir(); w.source.Home = w.home; w.write(".aws/config", everyProfile) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write(".aws/config", everyProfile)
			if test.before != nil {
				test.before(w)
			}
			before := w.sum()
			test.change(w)
			if w.sum() != before {
				t.Error("the sum changed")
			}
		})
	}
}

// TestProfileName checks the order in which the profile is chosen.
func TestProfileName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, "default"},
		{func() { w.env["AWS_DEFAULT_PROFILE"] = "third" }, "third"},
		{func() { w.env["AWS_PROFILE"] = "second" }, "second"},
		{func() { w.source.Profile = "first" }, "first"},
	} {
		step.do()
		if got := w.source.Fingerprint().Profile; got != step.want {
			t.Errorf("profile %q, want %q", got, step.want)
		}
	}
}

// TestSecretsStayInside checks that a Fingerprint contains no secret.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	const secret = "secret-for-tests"
	w := newWorld(t)
	for _, name := range identity.Variables {
		if name != "AWS_PROFILE" && name != "AWS_DEFAULT_PROFILE" {
			w.env[name] = secret
		}
	}
	w.write(".aws/credentials", "[default]\naws_secret_access_key = "+secret+"\n")
	w.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = w.write("token", secret)
	f := w.source.Fingerprint()
	if strings.Contains(f.Sum+string(f.Kind)+f.Profile, secret) {
		t.Errorf("%+v has the secret in it", f)
	}
}
