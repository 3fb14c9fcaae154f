package contents_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/contents"
)

const (
	host      = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	neighbour = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
)

// become sets the environment of this process, which the AWS SDK reads. Tests that use it cannot
// run in parallel.
func become(t *testing.T, env []string) {
	t.Helper()
	for _, v := range os.Environ() {
		key, value, _ := strings.Cut(v, "=")
		if strings.HasPrefix(key, "AWS_") || strings.HasPrefix(key, "ECR_LOGIN_") || strings.HasPrefix(key, "XDG_") || strings.HasSuffix(strings.ToUpper(key), "_PROXY") {
			os.Unsetenv(key)
			t.Cleanup(func() { os.Setenv(key, value) })
		}
	}
	for _, v := range env {
		key, value, _ := strings.Cut(v, "=")
		t.Setenv(key, value)
	}
}

func mustGet(t *testing.T, h *ecrlogin.Helper, serverURL string) {
	t.Helper()
	if _, err := h.Get(t.Context(), serverURL); err != nil {
		t.Fatal(err)
	}
}

// TestReadAndForget has the tokens of two principals and a stored login in the cache.
func TestReadAndForget(t *testing.T) {
	s := ecrtest.New(t)
	become(t, s.Env(t.TempDir(), ecrtest.FromEnvironment))
	mine := ecrlogin.New(ecrlogin.Options{})
	mustGet(t, mine, host)
	mustGet(t, mine, neighbour)
	mustGet(t, mine, "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
	stored := s.IssueToken(ecrtest.Principal{ARN: "arn:aws:iam::123456789012:user/somebody", Account: ecrtest.Account}, "ecr", "us-east-1").Password
	if err := mine.Store(t.Context(), neighbour, ecrlogin.Credentials{Username: "AWS", Password: stored}); err != nil {
		t.Fatal(err)
	}
	key := s.AddUser("another")
	t.Setenv("AWS_ACCESS_KEY_ID", key.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", key.SecretAccessKey)
	mustGet(t, mine, host)

	disk := contents.Open("", nil, cache.Clock{})
	all, err := disk.Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	var tokens, logins, used int
	for _, held := range all.List {
		switch {
		case held.Host != "":
			logins++
			if held.Host != neighbour || len(held.Hosts) != 1 {
				t.Errorf("the login: %+v", held)
			}
		default:
			tokens++
			if held.Source != awsconfig.Environment || held.State != cache.Fresh || held.Expires.IsZero() {
				t.Errorf("a token: %+v", held)
			}
			if len(held.Hosts) > 0 {
				used++
			}
		}
	}
	if tokens != 3 || logins != 1 || used != 1 || !all.HasKey || all.Damaged != 0 || all.OtherKey != 0 {
		t.Errorf("%d tokens (%d in use now), %d logins: %+v; want 3 (1), 1", tokens, used, logins, all)
	}

	// Both principals' tokens of the region are removed. Other regions and the other host's login
	// stay.
	if n, err := disk.Forget("https://" + host); err != nil || n != (contents.Removed{Tokens: 2}) {
		t.Errorf("%+v, %v; want two tokens removed", n, err)
	}
	if all, _ = disk.Read(nil); len(all.List) != 2 {
		t.Errorf("%d entries left, want 2", len(all.List))
	}
	if n, err := disk.Forget(neighbour); err != nil || n != (contents.Removed{Logins: 1}) {
		t.Errorf("%+v, %v; want one login removed", n, err)
	}
	if hosts := disk.Hosts(); len(hosts) != 1 {
		t.Errorf("known hosts %q, want that of the other region", hosts)
	}
	if _, err := disk.Forget("docker.io"); !errors.Is(err, ecrlogin.ErrNotECR) {
		t.Errorf("a host that is not ECR: %v", err)
	}
	if n, err := disk.ForgetAll(); err != nil || n == 0 {
		t.Errorf("removed %d, %v", n, err)
	}
	if all, _ = disk.Read(nil); len(all.List) != 0 {
		t.Errorf("left: %+v", all)
	}
}

// Settings that cannot be used are the error of each method.
func TestInvalidSettings(t *testing.T) {
	become(t, []string{"AWS_ECR_CACHE_DIR=" + t.TempDir()})
	broken := filepath.Join(t.TempDir(), "broken.toml")
	if err := os.WriteFile(broken, []byte("timout = \"1s\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ECR_LOGIN_CONFIG", broken)
	disk := contents.Open("", nil, cache.Clock{})
	_, status := disk.Status()
	_, read := disk.Read(nil)
	_, forgot := disk.Forget(host)
	_, emptied := disk.ForgetAll()
	for what, err := range map[string]error{"Status": status, "Read": read, "Forget": forgot, "ForgetAll": emptied} {
		if err == nil || !strings.Contains(err.Error(), "timout") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
