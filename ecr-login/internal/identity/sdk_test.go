package identity

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
)

// leftOut are the variables that the SDK reads and that choose neither the
// principal nor who answers for AWS, with the reason.
var leftOut = map[string]string{
	"AWS_REGION":                               "see Variables",
	"AWS_DEFAULT_REGION":                       "see Variables",
	"AWS_CA_BUNDLE":                            "transport",
	"AWS_MAX_ATTEMPTS":                         "retries",
	"AWS_RETRY_MODE":                           "retries",
	"AWS_NEW_RETRIES_2026":                     "retries",
	"AWS_DEFAULTS_MODE":                        "timeouts and retries",
	"AWS_EXECUTION_ENV":                        "user agent",
	"AWS_SDK_UA_APP_ID":                        "user agent",
	"AWS_LAMBDA_FUNCTION_NAME":                 "tracing",
	"AWS_ENABLE_ENDPOINT_DISCOVERY":            "not for services on the way to a token",
	"AWS_ACCOUNT_ID":                           "goes with the keys, and only endpoints of other services have it",
	"AWS_ACCOUNT_ID_ENDPOINT_MODE":             "only endpoints of other services have the account",
	"AWS_AUTH_SCHEME_PREFERENCE":               "how a request is signed",
	"AWS_DISABLE_REQUEST_COMPRESSION":          "form of the request",
	"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES":   "form of the request",
	"AWS_REQUEST_CHECKSUM_CALCULATION":         "form of the request",
	"AWS_RESPONSE_CHECKSUM_VALIDATION":         "form of the answer",
	"AWS_RESTRICT_FILE_PERMISSIONS":            "mode of files the SDK writes",
	"AWS_S3_USE_ARN_REGION":                    "S3",
	"AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS": "S3",
	"AWS_S3_DISABLE_EXPRESS_SESSION_AUTH":      "S3",
}

// TestEveryVariableOfTheSDK: a new SDK may read new variables, and somebody must
// say whether they choose the principal.
func TestEveryVariableOfTheSDK(t *testing.T) {
	t.Parallel()
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the SDK's sources are found with the go command")
	}
	var found []string
	for _, module := range []string{
		"github.com/aws/aws-sdk-go-v2", "github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/credentials",
		"github.com/aws/aws-sdk-go-v2/feature/ec2/imds", "github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/service/ecr", "github.com/aws/aws-sdk-go-v2/service/ecrpublic",
		"github.com/aws/aws-sdk-go-v2/service/sts", "github.com/aws/aws-sdk-go-v2/service/sso",
		"github.com/aws/aws-sdk-go-v2/service/ssooidc", "github.com/aws/aws-sdk-go-v2/service/signin",
	} {
		out, err := exec.Command(goTool, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module).Output()
		if err != nil {
			t.Fatalf("finding %s: %v", module, err)
		}
		found = append(found, variablesIn(t, strings.TrimSpace(string(out)))...)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if len(found) < 30 {
		t.Fatalf("found only %q", found)
	}
	for _, name := range found {
		known := slices.Contains(Variables, name) || slices.Contains(tokenFiles[:], name)
		if _, out := leftOut[name]; known == out {
			t.Errorf("%s is read by the SDK: in the fingerprint %v, left out %v", name, known, out)
		}
	}
	for _, name := range append(slices.Clone(Variables), tokenFiles[:]...) {
		// The SDK puts the service's name behind AWS_ENDPOINT_URL_ as it goes.
		if !slices.Contains(found, name) && !strings.HasPrefix(name, "AWS_ENDPOINT_URL_") {
			t.Errorf("%s is in the fingerprint and the SDK does not read it", name)
		}
	}
}

// variablesIn are the string literals that look like AWS's variables in the
// sources below a folder.
func variablesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{"internal/awstesting", "testdata", "codegen", "awstesting"}, entry.Name()) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, _ := strconv.Unquote(literal.Value)
				if strings.HasPrefix(text, "AWS_") && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" {
					names = append(names, text)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestReadsFilesAsTheSDK: whatever is in the files, the SDK and this package see
// the same profile.
func TestReadsFilesAsTheSDK(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	compared := 0
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 1))
		configText, credentialsText := randomFile(r, true), randomFile(r, false)
		if compareWithSDK(t, dir, configText, credentialsText) {
			compared++
		}
		if t.Failed() {
			t.Fatalf("seed %d:\n--- config\n%s\n--- credentials\n%s", seed, configText, credentialsText)
		}
	}
	if compared < 200 {
		t.Errorf("the SDK accepted only %d pairs of files", compared)
	}
}

func FuzzReadsFilesAsTheSDK(f *testing.F) {
	f.Add("[default]\nsso_session = a # b\n", "[default]\nrole_arn : 'x'\n")
	f.Add("[ profile\tmine ] ; c\n s3 =\n  role_arn = x\nsso_session =\n\n more\n", "[mine]\naws_access_key_id=a\naws_secret_access_key=b\n")
	f.Add("[default]\r\nlogin_session = \"arn:x\"\r\n", "\ufeff[default]\n")
	f.Fuzz(func(t *testing.T, configText, credentialsText string) {
		files := sharedFiles{[]byte(configText), []byte(credentialsText)}
		for _, name := range []string{"default", "mine", "base"} {
			files.profile(name)
		}
		defer func() {
			if recover() != nil {
				t.Skip("the SDK's reader panics at a value that is one quotation mark")
			}
		}()
		compareWithSDK(t, t.TempDir(), configText, credentialsText)
	})
}

// compareWithSDK reports whether the SDK had anything to compare with.
func compareWithSDK(t *testing.T, dir, configText, credentialsText string) (compared bool) {
	t.Helper()
	paths := []string{filepath.Join(dir, "config"), filepath.Join(dir, "credentials")}
	for i, text := range []string{configText, credentialsText} {
		if err := os.WriteFile(paths[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := sharedFiles{[]byte(configText), []byte(credentialsText)}
	for _, name := range []string{"default", "mine", "base", "Default", "mine base"} {
		ours := files.profile(name)
		theirs, err := config.LoadSharedConfigProfile(context.Background(), name, func(o *config.LoadSharedConfigOptions) {
			o.ConfigFiles, o.CredentialsFiles = paths[:1], paths[1:]
		})
		_, missing := err.(config.SharedConfigProfileNotExistError)
		if missing == ours.found {
			t.Errorf("profile %q: found %v, the SDK says %v", name, ours.found, err)
		}
		if err != nil {
			continue // the SDK refuses what it read, and says nothing of it
		}
		compared = true
		if theirs.Source != nil {
			// It has forgotten the settings that the source profile takes over.
			if got := string(ours.sourceProfile); got != theirs.SourceProfileName {
				t.Errorf("profile %q: source profile %q, the SDK has %q", name, got, theirs.SourceProfileName)
			}
			continue
		}
		for _, field := range []struct {
			key    string
			ours   []byte
			theirs string
		}{
			{"role_arn", ours.roleARN, theirs.RoleARN},
			{"credential_source", ours.credentialSource, theirs.CredentialSource},
			{"sso_session", ours.ssoSession, theirs.SSOSessionName},
			{"sso_start_url", ours.ssoStartURL, theirs.SSOStartURL},
			{"sso_region", ours.ssoRegion, theirs.SSORegion},
			{"sso_account_id", ours.ssoAccount, theirs.SSOAccountID},
			{"sso_role_name", ours.ssoRole, theirs.SSORoleName},
			{"login_session", ours.loginSession, theirs.LoginSession},
			{"credential_process", ours.credentialProcess, theirs.CredentialProcess},
			{"web_identity_token_file", ours.webIdentityTokenFile, theirs.WebIdentityTokenFile},
		} {
			if string(field.ours) != field.theirs {
				t.Errorf("profile %q: %s %q, the SDK has %q", name, field.key, field.ours, field.theirs)
			}
		}
		hasKey := len(ours.accessKey) > 0 && len(ours.secretKey) > 0
		if hasKey != theirs.Credentials.HasKeys() || hasKey && string(ours.accessKey) != theirs.Credentials.AccessKeyID {
			t.Errorf("profile %q: access key %q, the SDK has %q", name, ours.accessKey, theirs.Credentials.AccessKeyID)
		}
	}
	return compared
}

// randomFile is a file with sections, keys, comments, indentation and mistakes.
func randomFile(r *rand.Rand, isConfig bool) string {
	pick := func(choices ...string) string { return choices[r.IntN(len(choices))] }
	var b strings.Builder
	for range r.IntN(12) {
		if r.IntN(4) == 0 {
			name := pick("default", "mine", "base", "Default", "mine base")
			if isConfig && r.IntN(5) > 0 {
				name = pick("profile ", "profile\t", " profile  ", "sso-session ") + name
			}
			fmt.Fprint(&b, pick("[", "[", " [ ", "["), name, pick("]", "]", "] # x", " ] ; x", "];"))
		} else {
			key := pick("role_arn", "source_profile", "credential_source", "sso_session", "sso_start_url", "sso_region",
				"sso_account_id", "sso_role_name", "login_session", "credential_process", "web_identity_token_file",
				"aws_access_key_id", "aws_secret_access_key", "ROLE_ARN", "s3", "region", "# role_arn", "")
			value := pick("a", "b", "mine", "base", "default", `"q"`, "'q'", `"half`, "a b", "https://x.example", "", "a#b", "x=y")
			fmt.Fprint(&b, pick("", "", "", " ", "\t", "  "), key, pick("=", " = ", ": ", "\t=\t", " "), value, pick("", "", " # c", " ;c", "\t#c", "#c", " "))
		}
		b.WriteString(pick("\n", "\n", "\n", "\r\n", "\n\n", "\n;c\n", "\n  \n"))
	}
	return b.String()
}

// TestKindAsTheSDK: the words for people name the provider that the SDK would
// ask. Not parallel: the SDK reads the process's own environment.
func TestKindAsTheSDK(t *testing.T) {
	for _, name := range append(append([]string{"AWS_CA_BUNDLE", "AWS_REGION", "AWS_DEFAULT_REGION"}, Variables...), tokenFiles[:]...) {
		t.Setenv(name, "") // restores it in the end
		os.Unsetenv(name)
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	// The SDK worked its default paths out when the test began.
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(home, ".aws", "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(home, ".aws", "credentials"))
	token := filepath.Join(home, "token")
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(token, "opaque")
	write(filepath.Join(home, ".aws", "config"), strings.ReplaceAll(`
[profile keys]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = secret-for-tests
[profile half-a-key]
region = eu-west-1
[profile over-keys]
role_arn = arn:aws:iam::444455556666:role/pull
source_profile = keys
[profile self]
role_arn = arn:aws:iam::444455556666:role/pull
source_profile = self
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = secret-for-tests
[profile self-sso]
role_arn = arn:aws:iam::444455556666:role/pull
source_profile = self-sso
sso_session = corp
sso_account_id = 111122223333
sso_role_name = reader
[profile loop-a]
role_arn = arn:aws:iam::444455556666:role/pull
source_profile = loop-b
sso_session = corp
sso_account_id = 111122223333
sso_role_name = reader
[profile loop-b]
role_arn = arn:aws:iam::777788889999:role/pull
source_profile = loop-a
[profile mixed]
role_arn = arn:aws:iam::444455556666:role/pull
source_profile = sso
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = secret-for-tests
[profile over-mixed]
role_arn = arn:aws:iam::444455556666:role/pull
source_profile = mixed
[profile two-hops]
role_arn = arn:aws:iam::444455556666:role/pull
source_profile = over-keys
[profile no-source]
role_arn = arn:aws:iam::444455556666:role/pull
[profile environment]
role_arn = arn:aws:iam::444455556666:role/pull
credential_source = Environment
[profile metadata]
role_arn = arn:aws:iam::444455556666:role/pull
credential_source = Ec2InstanceMetadata
[profile container]
role_arn = arn:aws:iam::444455556666:role/pull
credential_source = EcsContainer
[profile web]
role_arn = arn:aws:iam::444455556666:role/pull
web_identity_token_file = TOKEN
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
[profile over-sso]
role_arn = arn:aws:iam::444455556666:role/pull
source_profile = sso
[profile login]
login_session = arn:aws:iam::111122223333:user/ann
[profile process]
credential_process = /usr/bin/false
[profile process-and-login]
credential_process = /usr/bin/false
login_session = arn:aws:iam::111122223333:user/ann
[profile dangling]
role_arn = arn:aws:iam::444455556666:role/pull
source_profile = nobody
`, "TOKEN", token))

	const (
		uri      = "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/x"
		relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x"
		key      = "AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret-for-tests"
		oldKey   = "AWS_ACCESS_KEY=AKIDEXAMPLE AWS_SECRET_KEY=secret-for-tests"
		halfKey  = "AWS_ACCESS_KEY_ID=AKIDEXAMPLE"
	)
	web := "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/x AWS_WEB_IDENTITY_TOKEN_FILE=" + token
	for _, test := range []struct {
		env, profile string
		want         awsconfig.Kind
	}{
		{"", "", awsconfig.Instance},
		{key, "", awsconfig.Environment},
		{oldKey, "", awsconfig.Environment},
		{halfKey, "", awsconfig.Instance}, // the SDK has no use for half a key
		{key + " " + web, "", awsconfig.Environment},
		{web, "", awsconfig.WebIdentity},
		{web + " " + uri, "", awsconfig.WebIdentity},
		{web + " AWS_PROFILE=keys", "", awsconfig.WebIdentity},
		{key + " AWS_PROFILE=sso", "", awsconfig.Environment},
		{uri, "", awsconfig.Container},
		{relative, "", awsconfig.Container},
		{uri + " AWS_PROFILE=keys", "", awsconfig.Static},
		{uri + " AWS_PROFILE=half-a-key", "", awsconfig.Container},
		{"AWS_DEFAULT_PROFILE=keys", "", awsconfig.Static},
		{"AWS_DEFAULT_PROFILE=nobody", "", awsconfig.Instance}, // the SDK goes on
		{"AWS_PROFILE=nobody", "", awsconfig.MissingProfile},
		{"AWS_PROFILE=dangling", "", awsconfig.MissingProfile},
		{"", "nobody", awsconfig.MissingProfile},
		{"", "keys", awsconfig.Static},
		{key, "sso", awsconfig.SSO}, // a forced profile comes first
		{web, "sso", awsconfig.SSO},
		{"", "legacy", awsconfig.SSO},
		{"", "login", awsconfig.Login},
		{"", "process", awsconfig.Process},
		{"", "process-and-login", awsconfig.Login},
		{"", "web", rolePrefix + awsconfig.ProfileWebIdentity},
		{"", "self", rolePrefix + awsconfig.Static},
		{"", "mixed", rolePrefix + awsconfig.SSO},
		{"", "over-mixed", rolePrefix + awsconfig.Static}, // a source's own key comes before its source
		{"", "self-sso", rolePrefix + awsconfig.SSO},
		{"", "loop-a", rolePrefix + awsconfig.SSO},
		{"", "over-keys", rolePrefix + awsconfig.Static},
		{"", "two-hops", rolePrefix + awsconfig.Static},
		{"", "over-sso", rolePrefix + awsconfig.SSO},
		{"", "no-source", rolePrefix + awsconfig.Instance},
		{uri, "no-source", rolePrefix + awsconfig.Container},
		{key, "environment", rolePrefix + awsconfig.Environment},
		{"", "metadata", rolePrefix + awsconfig.Instance},
		{uri, "container", rolePrefix + awsconfig.Container},
	} {
		t.Run(strings.TrimSpace(test.profile+" "+test.env), func(t *testing.T) {
			for _, assignment := range strings.Fields(test.env) {
				name, value, _ := strings.Cut(assignment, "=")
				t.Setenv(name, value)
			}
			f := Source{Profile: test.profile}.Fingerprint()
			got := f.Kind
			if f.Role {
				got = rolePrefix + got
			}
			if got != test.want {
				t.Errorf("kind %q, want %q", got, test.want)
			}
			cfg, err := config.LoadDefaultConfig(context.Background(), config.WithSharedConfigProfile(test.profile), config.WithRegion("eu-west-1"))
			if test.want == awsconfig.MissingProfile {
				if err == nil {
					t.Error("the SDK finds the profile")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			sources := cfg.Credentials.(*aws.CredentialsCache).ProviderSources()
			kind, role := f.Kind, f.Role
			if !slices.Contains(sources, sdkSource(kind, role)) {
				t.Errorf("kind %q, and the SDK's sources are %v", got, sources)
			}
			assumes := slices.Contains(sources, aws.CredentialSourceSTSAssumeRole) || slices.Contains(sources, aws.CredentialSourceProfileSTSWebIDToken)
			if role != assumes {
				t.Errorf("kind %q, and the SDK's sources are %v: a role %v", got, sources, assumes)
			}
		})
	}
}

// sdkSource is what the SDK calls the provider of a kind.
const rolePrefix awsconfig.Kind = "role "

func sdkSource(kind awsconfig.Kind, role bool) aws.CredentialSource {
	switch kind {
	case awsconfig.Environment:
		if role {
			return aws.CredentialSourceHTTP // what it says for credential_source = Environment
		}
		return aws.CredentialSourceEnvVars
	case awsconfig.WebIdentity:
		return aws.CredentialSourceEnvVarsSTSWebIDToken
	case awsconfig.Static:
		return aws.CredentialSourceProfile
	case awsconfig.ProfileWebIdentity:
		return aws.CredentialSourceProfileSTSWebIDToken
	case awsconfig.SSO:
		return aws.CredentialSourceSSOLegacy // it takes an account and a role name for that
	case awsconfig.Login:
		return aws.CredentialSourceLogin
	case awsconfig.Process:
		return aws.CredentialSourceProcess
	case awsconfig.Container:
		return aws.CredentialSourceHTTP
	case awsconfig.Instance:
		return aws.CredentialSourceIMDS
	}
	return aws.CredentialSourceUndefined
}

// TestSessionFilesAsTheSDK: the files whose presence counts are the SDK's. Not
// parallel: the SDK takes the home folder from the process's environment.
func TestSessionFilesAsTheSDK(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	elsewhere := filepath.Join(home, "elsewhere")
	for name, test := range map[string]struct {
		settings settings
		env      map[string]string
		want     func() (string, error)
	}{
		"sso session": {
			settings{ssoSession: []byte("corp"), ssoStartURL: []byte("https://start.example")}, nil,
			func() (string, error) { return ssocreds.StandardCachedTokenFilepath("corp") },
		},
		"sso in the profile": {
			settings{ssoStartURL: []byte("https://start.example")}, nil,
			func() (string, error) { return ssocreds.StandardCachedTokenFilepath("https://start.example") },
		},
		"aws login": {
			settings{loginSession: []byte(" arn:x ")}, nil,
			func() (string, error) { return logincreds.StandardCachedTokenFilepath(" arn:x ", "") },
		},
		"aws login elsewhere": {
			settings{loginSession: []byte("arn:x")}, map[string]string{"AWS_LOGIN_CACHE_DIRECTORY": elsewhere},
			func() (string, error) { return logincreds.StandardCachedTokenFilepath("arn:x", elsewhere) },
		},
	} {
		want, err := test.want()
		if err != nil {
			t.Fatal(err)
		}
		s := Source{Home: home, Environ: func(key string) (string, bool) { v, ok := test.env[key]; return v, ok }}
		q := newSequence()
		s.addSessions(q, test.settings)
		if !strings.Contains(string(q.bytes), want) {
			t.Errorf("%s: %q does not have the SDK's %q", name, q.bytes, want)
		}
	}
}
