//go:build e2e && linux

package awscli

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

// reader prints, for each pair of files in the directory, the profiles as the AWS CLI's own code
// reads them, or null for files that it refuses.
const reader = `
import json, os, sys
from awscli.botocore import configloader
def read(path):
    config = configloader.load_config(os.path.join(path, "config"))
    for name, values in configloader.raw_config_parse(os.path.join(path, "credentials")).items():
        config["profiles"].setdefault(name, {}).update(values)
    return {"profiles": config["profiles"], "sessions": config["sso_sessions"]}
result = []
for i in range(int(sys.argv[2])):
    try:
        result.append(read(os.path.join(sys.argv[1], str(i))))
    except Exception as e:  # the module of the class depends on how it was imported
        if type(e).__name__ != "ConfigParseError":
            raise
        result.append(None)
json.dump(result, sys.stdout)
`

var (
	names   = []string{"default", "a", "b c", "DEFAULT", "a#b", "x\\y"}
	headers = []string{
		"[default]", "[profile a]", "[a]", "[profile default]", "[profile 'b c']", "[b c]", "[profile \"a\"]", "[profile b\\ c]",
		"[profile b c]", "[ profile a ]", "[profile\ta]", "[profile  a] # text", "[DEFAULT]", "[Default]", "[sso-session a]", "[sso-session 'b c']",
		"[profilex a]", "[profile a#b]", "[profile 'a]", "[x] [profile a]", "[profile x\\y]", "[profile 'x\\y']", "[]", "[profile]", "[a", "[[profile a]]",
	}
	lines = []string{
		"region = r1", "region=r2", "Region: r3", "aws_access_key_id = A", "aws_access_key_id = B # c", "role_arn : x=y", "source_profile = \"a\"",
		"  region = indented", "\tregion = tab", "s3 =", "  max = 1", "   more", "# comment", "; comment", "  # comment", "", "  ", "key =", "key = v ; c",
		"  [profile b]", "region = r4\r", "credential_process = \"/a b\" 'c d' e", "nonsense", "= nothing", ": nothing", "k:v", "k = a\\", "é = ü",
	}
)

// randomFile returns a file that is often, but not always, valid.
func randomFile(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(4) {
		b.WriteString(headers[r.IntN(len(headers))] + "\n")
		for range r.IntN(5) {
			b.WriteString(lines[r.IntN(len(lines))] + "\n")
		}
	}
	return b.String()
}

// TestFilesAreReadAsByTheAWSCLI compares the parsing of random files with the AWS CLI's own code.
func TestFilesAreReadAsByTheAWSCLI(t *testing.T) {
	t.Parallel()
	const pairs = 3000
	dir, seed := t.TempDir(), rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range pairs {
		pair := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(pair, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"config", "credentials"} {
			if err := os.WriteFile(filepath.Join(pair, name), []byte(randomFile(r)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	python := exec.Command("/usr/bin/python3", "-c", reader, dir, fmt.Sprint(pairs))
	python.Stderr = os.Stderr
	out, err := python.Output()
	if err != nil {
		t.Fatalf("running the AWS CLI's code: %v", err)
	}
	var theirs []*struct {
		Profiles, Sessions map[string]map[string]any
	}
	if err := json.Unmarshal(out, &theirs); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for i, want := range theirs {
		if want == nil {
			continue
		}
		compared++
		pair := filepath.Join(dir, fmt.Sprint(i))
		for _, name := range names {
			c := awsconfig.Load(awsconfig.Input{Profile: name, Home: pair, Environ: func(variable string) (string, bool) {
				switch variable {
				case "AWS_CONFIG_FILE":
					return filepath.Join(pair, "config"), true
				case "AWS_SHARED_CREDENTIALS_FILE":
					return filepath.Join(pair, "credentials"), true
				}
				return "", false
			}})
			_, got := c.Profile()
			same(t, seed, c, "profile "+name, got, want.Profiles[name])
			same(t, seed, c, "session "+name, c.Section("sso-session", name), want.Sessions[name])
		}
		if t.Failed() {
			return
		}
	}
	if compared < pairs/10 {
		t.Errorf("the AWS CLI accepts only %d of %d files", compared, pairs)
	}
	t.Logf("%d of %d pairs of files compared", compared, pairs)
}

func same(t *testing.T, seed uint64, c *awsconfig.Config, what string, got awsconfig.Settings, want map[string]any) {
	t.Helper()
	flat := map[string]string{}
	for key, value := range want {
		switch value := value.(type) {
		case string:
			flat[key] = value
		case map[string]any: // settings on indented lines
			nested := awsconfig.Nested(got[key])
			for k, v := range value {
				if nested[strings.ToLower(k)] != v {
					t.Errorf("%s.%s.%s is %q, want %q", what, key, k, nested[k], v)
				}
			}
			flat[key] = got[key]
		}
	}
	if (got == nil) != (want == nil) || !maps.Equal(flat, got) {
		t.Errorf("seed %d: %s is %q, want %q, in\n%s\n--- credentials\n%s", seed, what, got, flat, c.Config.Text, c.Credentials.Text)
	}
}
