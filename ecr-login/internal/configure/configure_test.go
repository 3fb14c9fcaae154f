package configure

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
)

const host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

// newSession returns a session with the environment of a new user.
func newSession(t *testing.T, options Options, env ...string) (s *Session, home string) {
	t.Helper()
	home = t.TempDir()
	variables := map[string]string{"HOME": home, "USERPROFILE": home, "LocalAppData": home}
	for i := 0; i < len(env); i += 2 {
		variables[env[i]] = env[i+1]
	}
	options.Environ = func(name string) (string, bool) { value, ok := variables[name]; return value, ok }
	s, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return s, home
}

// A relative entry of PATH would run a program of the current directory.
func TestLookPathSkipsRelativeEntries(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are Unix's")
	}
	dir, bin := t.TempDir(), t.TempDir()
	t.Chdir(dir)
	for _, path := range []string{"docker", "bin/docker", filepath.Join(bin, "docker"), filepath.Join(bin, "podman")} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(bin, "podman"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		".:bin:" + bin:                   filepath.Join(bin, "docker"),
		":" + bin:                        filepath.Join(bin, "docker"),
		".":                              "",
		"":                               "",
		"./bin:../" + filepath.Base(dir): "",
	} {
		s, _ := newSession(t, Options{}, "PATH", path)
		if got, err := s.lookPath("docker"); got != want || (err == nil) != (want != "") {
			t.Errorf("PATH=%s: %q, %v, want %q", path, got, err, want)
		}
		if got, err := s.lookPath("podman"); err == nil {
			t.Errorf("PATH=%s: %s is not executable", path, got)
		}
	}
}

// Find waits for no search longer than its time: here AWS never answers, and the time is over.
func TestFindEndsInTime(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	defer close(never)
	s, _ := newSession(t, Options{Caller: func(context.Context, string) (Caller, error) { <-never; return Caller{Registry: host}, nil }})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if pending, found, err := s.Find(ctx, t.TempDir()); found || len(pending) > 0 || err != nil {
		t.Errorf("%+v, %v", pending, err)
	}
}

// A dry run returns what Configure then does, and changes nothing.
func TestDryRun(t *testing.T) {
	t.Parallel()
	dry, home := newSession(t, Options{DryRun: true})
	planned, err := dry.Configure(t.Context(), []string{host})
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(home); err != nil || len(entries) > 0 {
		t.Fatalf("a dry run created %v, %v", entries, err)
	}
	real, _ := newSession(t, Options{}, "HOME", home, "USERPROFILE", home, "LocalAppData", home)
	done, err := real.Configure(t.Context(), []string{host})
	if err != nil || len(done.Failed) > 0 {
		t.Fatalf("%v, %+v", err, done)
	}
	p, d := planned.Files[0], done.Files[0]
	if p.Diff == "" || p.Path != d.Path || !slices.Equal(p.Entries, d.Entries) || p.Created != d.Created || !planned.Changed() {
		t.Errorf("planned %+v, done %+v", p, d)
	}
	c, err := dockerconfig.Read(d.Path, dockerconfig.Docker)
	if err != nil || c.For(host).Helper != "ecr-login" {
		t.Errorf("%v, %+v", err, c)
	}
}

// Each code has a text.
func TestTexts(t *testing.T) {
	t.Parallel()
	for action, want := range map[Action]string{
		Added: "added, x", Changed: "changed, x", Kept: "already configured, x", PasswordRemoved: "password removed, x",
		Removed: "removed, x", Restored: "restored, x", Skipped: "not changed, x",
	} {
		if got := (Entry{What: action, Detail: "x"}).Text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	quote := func(name string) string { return "<" + name + ">" }
	for place, want := range map[Place]string{
		{FromPassword, "f", 2}:      "password in <f>:2",
		{FromFile, "Dockerfile", 1}: "<Dockerfile>:1",
		{Source: FromDocker}:        "images of docker",
		{Source: FromPodman}:        "images of podman",
		{FromEntry, "f", 3}:         "entry in <f>:3",
		{FromProfile, "prod", 0}:    "account of profile prod",
		{Source: FromCredentials}:   "account of the AWS credentials",
	} {
		if got := place.Text(quote); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
