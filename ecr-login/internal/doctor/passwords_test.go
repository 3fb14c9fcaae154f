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

// entry is one of auths, with a token that ends then.
func entry(host string, end time.Time) string {
	token := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"payload":"not-a-real-token","expiration":%d}`, end.Unix()))
	return fmt.Sprintf("%q: {\"auth\": %q}", host, base64.StdEncoding.EncodeToString([]byte("AWS:"+token)))
}

func registryNumber(n int) string { return fmt.Sprintf("%012d.dkr.ecr.eu-west-1.amazonaws.com", n) }

// passwordDoctor is one who looks at nothing but a config.json with that text, which stands at path.
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
	return &doctor{Options: Options{Now: time.Now}, ctx: t.Context(), config: &dockerFile{c}, settings: settings}, path
}

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Who signs in while the checks run keeps that login, and what is not used any more goes all the same.
func TestLoginMeanwhileStays(t *testing.T) {
	now := time.Now()
	old, live := now.Add(-time.Hour), now.Add(time.Hour)
	before := `{"auths": {` + entry(registryNumber(1), old) + ", " + entry(registryNumber(2), old) + ", " + entry(registryNumber(3), live) + ", " + entry(registryNumber(4), old) +
		`}, "credHelpers": {"` + registryNumber(3) + `": "ecr-login"}}`
	d, path := passwordDoctor(t, before)
	findings := d.checkPasswords()
	// Somebody signs in to the first, unconfigures the third and logs out of the fourth.
	fresh, unconfigured := entry(registryNumber(1), live), entry(registryNumber(3), live)
	rewrite(t, path, `{"auths": {`+fresh+", "+entry(registryNumber(2), old)+", "+unconfigured+`}}`)
	repair(t.Context(), findings)

	want := []struct {
		status      Status
		fact, fixed string
	}{
		{Warn, "; it has expired; not mended: left alone, it is in use by now", ""},
		{OK, "; it has expired", "removed the entry"},
		{Fail, ", which is not used any more; not mended: left alone, it is in use by now", ""},
		{OK, "; it has expired", "nothing, somebody has removed the entry meanwhile"},
	}
	if len(findings) != len(want) {
		t.Fatalf("%+v", findings)
	}
	for i, f := range findings {
		if f.Status != want[i].status || !strings.HasSuffix(f.Fact, " in plain text"+want[i].fact) || f.Fixed != want[i].fixed || (f.Fix == "") != (f.Status == OK) {
			t.Errorf("%+v, want %+v", f, want[i])
		}
	}
	left, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(left), fresh) || !strings.Contains(string(left), unconfigured) || strings.Contains(string(left), registryNumber(2)) {
		t.Errorf("%v, and the file is %s", err, left)
	}
}

// All of one file is one edit: each may have to wait for another program.
func TestOneEditForAFile(t *testing.T) {
	var entries []string
	for n := range 5 {
		entries = append(entries, entry(registryNumber(n), time.Now().Add(-time.Hour)))
	}
	d, path := passwordDoctor(t, `{"auths": {`+strings.Join(entries, ", ")+`}}`)
	findings := d.checkPasswords()
	asked := 0
	d.Now = func() time.Time { asked++; return time.Now() }
	repair(t.Context(), findings)
	if asked != 1 {
		t.Errorf("the clock was asked %d times, want once for each edit", asked)
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

// Nothing is begun when the time is over.
func TestNoMendTooLate(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	f := fail("do it", "broken")
	f.mend = func() (string, error) { t.Error("mended"); return "", nil }
	findings := []Finding{f}
	repair(ctx, findings)
	if f := findings[0]; f.Status != Fail || f.Fact != "broken; not mended: there was no time, a run ends after 20s" || f.Fix != "do it" || f.Fixed != "" {
		t.Errorf("%+v", f)
	}
}
