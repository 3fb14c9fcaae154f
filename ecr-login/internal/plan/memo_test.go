package plan_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
)

// A remembered fingerprint is replaced by the next plan after a change of the environment or of a
// file.
func TestMemo(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	file := func(name string) string { return filepath.Join(home, ".aws", name) }
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"HOME": home, "USERPROFILE": home}
	var reads int
	memo := &plan.Memo{}
	key := func() string {
		p := plan.Planner{Memo: memo, Environ: func(name string) (string, bool) {
			if name == "AWS_PROFILE" {
				reads++
			}
			value, set := env[name]
			return value, set
		}}
		got, err := p.For("123456789012.dkr.ecr.us-east-1.amazonaws.com")
		if err != nil {
			t.Fatal(err)
		}
		return got.TokenKey
	}
	write := func(name, text string, age time.Duration) {
		if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(file(name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]string{}
	for _, step := range []struct {
		name   string
		change func()
	}{
		{"nothing", func() {}},
		{"file created", func() { write("config", "[default]\nregion = a\n", 3*time.Hour) }},
		{"file changed", func() { write("config", "[default]\nregion = b\n", 2*time.Hour) }},
		{"same time, another size", func() { write("config", "[default]\nregion = bc\n", 2*time.Hour) }},
		{"replaced with the same size and time", func() {
			info, err := os.Stat(file("config"))
			if err != nil {
				t.Fatal(err)
			}
			write("new", "[default]\nregion = de\n", 0)
			if err := os.Chtimes(file("new"), info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(file("new"), file("config")); err != nil {
				t.Fatal(err)
			}
		}},
		{"variable set", func() { env["AWS_ACCESS_KEY_ID"] = "AKIATEST" }},
		{"variable changed", func() { env["AWS_ACCESS_KEY_ID"] = "AKIAOTHER" }},
		{"other file created", func() { write("credentials", "[default]\naws_access_key_id = AKIATEST\n", time.Hour) }},
		{"file removed", func() { os.Remove(file("config")) }},
		{"changed within the resolution of times", func() { write("credentials", "[default]\naws_access_key_id = AKIA1111\n", 0) }},
		{"changed again", func() {
			info, err := os.Stat(file("credentials"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file("credentials"), []byte("[default]\naws_access_key_id = AKIA2222\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(file("credentials"), info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		step.change()
		first := key()
		if also, ok := seen[first]; ok {
			t.Errorf("%s: the same key as after %s", step.name, also)
		}
		seen[first] = step.name
		for range 3 {
			if key() != first {
				t.Errorf("%s: another key without a change", step.name)
			}
		}
	}

	write("credentials", "[default]\naws_access_key_id = AKIATEST\n", time.Hour)
	key()
	key()
	reads = 0
	key()
	if reads != 1 {
		t.Errorf("AWS_PROFILE was looked up %d times, want 1, to compare it", reads)
	}
}
