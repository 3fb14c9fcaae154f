package doctor

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
)

// entry returns an entry of auths with a token that expires at end.
func entry(host string, end time.Time) string {
	token := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"payload":"not-a-real-token","expiration":%d}`, end.Unix()))
	return fmt.Sprintf("%q: {\"auth\": %q}", host, base64.StdEncoding.EncodeToString([]byte("AWS:"+token)))
}

func registryNumber(n int) string { return fmt.Sprintf("%012d.dkr.ecr.eu-west-1.amazonaws.com", n) }

// passwordDoctor returns a run that has read a config.json with the text, and the path of that
// file.
func passwordDoctor(t *testing.T, text string) (d *doctor, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "config.json")
	t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(t.TempDir(), "auth.json")) // podman's
	rewrite(t, path, text)
	c, err := dockerconfig.Read(path, dockerconfig.Docker)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return &doctor{Options: Options{Now: time.Now}, ctx: t.Context(), config: &dockerConfig{c}, settings: settings}, path
}

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A docker login that happens while the checks run is kept; unused entries are removed all the
// same.
func TestNewLoginIsKept(t *testing.T) {
	now := time.Now()
	old, live := now.Add(-time.Hour), now.Add(time.Hour)
	before := `{"auths": {` + entry(registryNumber(1), old) + ", " + entry(registryNumber(2), old) + ", " + entry(registryNumber(3), live) + ", " + entry(registryNumber(4), old) +
		`}, "credHelpers": {"` + registryNumber(3) + `": "ecr-login"}}`
	d, path := passwordDoctor(t, before)
	findings := d.checkPasswords()
	// Meanwhile: docker login to the first, unconfigure of the third, docker logout of the fourth.
	fresh, unconfigured := entry(registryNumber(1), live), entry(registryNumber(3), live)
	rewrite(t, path, `{"auths": {`+fresh+", "+entry(registryNumber(2), old)+", "+unconfigured+`}}`)
	fixAll(t.Context(), findings)

	want := []struct {
		status      Status
		fact, fixed string
	}{
		{Warn, "; it has expired; not fixed: the entry is in use by now", ""},
		{OK, "; it has expired", "removed the entry"},
		{Fail, "; it is not used any more; not fixed: the entry is in use by now", ""},
		{OK, "; it has expired", "nothing to do, the entry has been removed meanwhile"},
	}
	if len(findings) != len(want) {
		t.Fatalf("%+v", findings)
	}
	for i, f := range findings {
		if f.Status != want[i].status || !strings.HasSuffix(f.Fact, ")"+want[i].fact) || f.Fixed != want[i].fixed || (f.Fix == "") != (f.Status == OK) {
			t.Errorf("%+v, want %+v", f, want[i])
		}
	}
	left, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(left), fresh) || !strings.Contains(string(left), unconfigured) || strings.Contains(string(left), registryNumber(2)) {
		t.Errorf("%v, and the file is %s", err, left)
	}
}

// All entries of a file are removed in one edit, because an edit may wait for other programs.
func TestOneEditPerFile(t *testing.T) {
	var entries []string
	for n := range 5 {
		entries = append(entries, entry(registryNumber(n), time.Now().Add(-time.Hour)))
	}
	d, path := passwordDoctor(t, `{"auths": {`+strings.Join(entries, ", ")+`}}`)
	findings := d.checkPasswords()
	calls := 0
	d.Now = func() time.Time { calls++; return time.Now() }
	fixAll(t.Context(), findings)
	if calls != 1 {
		t.Errorf("the clock was read %d times, want once for each edit", calls)
	}
	for _, f := range findings {
		if f.Status != OK || f.Fixed != "removed the entry" {
			t.Errorf("%+v", f)
		}
	}
	if left, err := os.ReadFile(path); err != nil || strings.Contains(string(left), "dkr.ecr") {
		t.Errorf("%v, and the file is %s", err, left)
	}
}

// No repair starts after the time limit.
func TestNoFixAfterLimit(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	f := fail("do it", "broken")
	f.repair = func(context.Context) (string, error) { t.Error("repaired"); return "", nil }
	fix(ctx, &f)
	if f.Status != Fail || f.Fact != "broken; not fixed: no time left, a run ends after 20s" || f.Fix != "do it" || f.Fixed != "" {
		t.Errorf("%+v", f)
	}
}

func fixAll(ctx context.Context, findings []Finding) {
	for i := range findings {
		fix(ctx, &findings[i])
	}
}
