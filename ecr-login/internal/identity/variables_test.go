package identity

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// leftOut are the variables that the SDK reads and that choose neither the principal nor an
// endpoint, with the reason.
var leftOut = map[string]string{
	"AWS_ACCESS_KEY":                           "not read by the AWS CLI, and so not used",
	"AWS_SECRET_KEY":                           "not read by the AWS CLI, and so not used",
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
	"AWS_RESPONSE_CHECKSUM_VALIDATION":         "form of the response",
	"AWS_RESTRICT_FILE_PERMISSIONS":            "mode of files the SDK writes",
	"AWS_S3_USE_ARN_REGION":                    "S3",
	"AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS": "S3",
	"AWS_S3_DISABLE_EXPRESS_SESSION_AUTH":      "S3",
}

// A new SDK may read new variables. This test fails until it is decided whether they choose the
// principal.
func TestEveryVariableOfTheSDK(t *testing.T) {
	t.Parallel()
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
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
		// The SDK appends the service's name to AWS_ENDPOINT_URL_. Only the AWS CLI reads
		// AWS_SECURITY_TOKEN.
		if !slices.Contains(found, name) && !strings.HasPrefix(name, "AWS_ENDPOINT_URL_") && name != "AWS_SECURITY_TOKEN" {
			t.Errorf("%s is in the fingerprint and the SDK does not read it", name)
		}
	}
}

// variablesIn returns the string literals that look like names of AWS variables in the Go files
// below a directory.
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
