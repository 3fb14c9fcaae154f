package main

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// --fix repairs what it can without harm and prints it; the next run finds nothing.
func TestDoctorFix(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes here")
	}
	p := newFixture(t)
	p.file(".ecr/cache.json", oldCache(time.Hour))
	const other = "210987654321.dkr.ecr.eu-west-1.amazonaws.com"
	text := fmt.Sprintf(`{
	"auths": {
		"registry.example": {"auth": %q},
		%q: {"auth": %q},
		%q: {"auth": %q}
	},
	"credHelpers": {%q: "ecr-login"}
}
`, auth("not-a-real-password"), host, auth(expiring(time.Hour)), other, auth(expiring(-time.Hour)), host)
	p.config(text)
	p.chmod(".docker/config.json", 0o644)
	p.file(".cache/ecr-login/CACHEDIR.TAG", "")
	p.chmod(".cache/ecr-login", 0o777)

	a := p.run("", "doctor", "--fix", host)
	p.checkNoSecrets(a)
	for _, want := range []string{
		`✔ passwords    $DIR/.docker/config.json stores passwords and other users can read it (mode 0644)
               fixed: removed access for group and others
✔ passwords    $DIR/.docker/config.json:4 stores an ECR password in plain text ($HOST); it is not used any more
               fixed: removed the entry
✔ passwords    $DIR/.docker/config.json:5 stores an ECR password in plain text (` + other + `); it has expired
               fixed: removed the entry
✔ old cache    $DIR/.ecr/cache.json stores 1 token of amazon-ecr-credential-helper in plain text, 1 still valid
               fixed: deleted the file
✔ cache        $DIR/.cache/ecr-login is not used: group or others can write to it
               fixed: removed write access for group and others
`} {
		if a.code != 0 || !strings.Contains(a.stdout, p.fill(want)) {
			t.Errorf("exit code %d, and doctor prints\n%s\nwant\n%s", a.code, a.stdout, p.fill(want))
		}
	}
	left, err := os.ReadFile(p.path(".docker/config.json"))
	if err != nil || strings.Contains(string(left), host+`": {"auth"`) || strings.Contains(string(left), other) ||
		!strings.Contains(string(left), "registry.example") || !strings.Contains(string(left), `"credHelpers": {"`+host+`": "ecr-login"}`) {
		t.Errorf("%v, and config.json is\n%s", err, left)
	}
	for path, want := range map[string]fs.FileMode{".docker/config.json": 0o600, ".cache/ecr-login": 0o755} {
		if info, err := os.Stat(p.path(path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want mode %v", path, info.Mode(), err, want)
		}
	}
	if _, err := os.Stat(p.path(".ecr/cache.json")); err == nil {
		t.Error("the old cache is still there")
	}
	p.wants(problems(p.run("", "doctor", host)), 0, "")
}

// A directory for everybody, such as /tmp, is not changed, and a directory's other mode bits stay.
func TestDoctorFixSharedDirectory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes here")
	}
	for _, c := range []struct{ mode, want fs.FileMode }{
		{fs.ModeSticky | 0o777, fs.ModeSticky | 0o777},
		{fs.ModeSetgid | 0o775, fs.ModeSetgid | 0o755},
	} {
		p := newFixture(t)
		shared := t.TempDir()
		p.set("AWS_ECR_CACHE_DIR=" + shared)
		if err := os.Chmod(shared, c.mode); err != nil {
			t.Fatal(err)
		}
		a := p.run("", "doctor", "--fix", host)
		if info, err := os.Stat(shared); err != nil || info.Mode() != c.want|fs.ModeDir {
			t.Errorf("%v: %v, %v, want %v; doctor prints\n%s", c.mode, info.Mode(), err, c.want, a.stdout)
		}
	}
}

// What --fix must not change is reported and stays.
func TestDoctorFixIsCareful(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes here")
	}
	p := newFixture(t)
	// Outside the home directory a file may be shared on purpose. The only login of a host is in
	// use until it expires.
	shared := t.TempDir()
	p.set("DOCKER_CONFIG=" + shared)
	text := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, auth(expiring(time.Hour)))
	if err := os.WriteFile(shared+"/config.json", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p.file(".ecr/cache.json", `{"mine": "not the existing helper's"}`)
	p.wants(problems(p.run("", "doctor", "--fix", host)), 1,
		`✘ passwords    $DOCKER_CONFIG/config.json stores passwords and other users can read it (mode 0644)
               fix: chmod go= $DOCKER_CONFIG/config.json
✘ passwords    $DOCKER_CONFIG/config.json:1 stores an ECR password in plain text ($HOST)
               fix: docker-credential-ecr-login configure $HOST
✘ entry        docker runs no helper: it uses the password in auths, $DOCKER_CONFIG/config.json:1
               fix: docker-credential-ecr-login configure $HOST
`)
	if left, err := os.ReadFile(shared + "/config.json"); err != nil || string(left) != text {
		t.Errorf("%v, and config.json is %s", err, left)
	}
	if _, err := os.Stat(p.path(".ecr/cache.json")); err != nil {
		t.Error(err)
	}
}

// A link is not followed to delete a file: others may use it.
func TestDoctorOldCacheLink(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.file("elsewhere/cache.json", oldCache(time.Hour))
	p.file(".ecr/other", "")
	if err := os.Symlink(p.path("elsewhere/cache.json"), p.path(".ecr/cache.json")); err != nil {
		t.Skip(err)
	}
	p.wants(problems(p.run("", "doctor", "--fix", host)), 0,
		`! old cache    $DIR/.ecr/cache.json stores 1 token of amazon-ecr-credential-helper in plain text, 1 still valid
               fix: rm $DIR/elsewhere/cache.json
`)
	if _, err := os.Stat(p.path(".ecr/cache.json")); err != nil {
		t.Error(err)
	}
}

// Without --fix no file is changed.
func TestDoctorChangesNothing(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.file(".ecr/cache.json", oldCache(time.Hour))
	p.config(`{"auths": {"` + host + `": {"auth": "` + auth(expiring(-time.Hour)) + `"}}, "credHelpers": {"` + host + `": "ecr-login"}}`)
	for _, path := range []string{".ecr/cache.json", ".docker/config.json"} {
		before, err := os.ReadFile(p.path(path))
		if err != nil {
			t.Fatal(err)
		}
		p.run("", "doctor")
		if after, err := os.ReadFile(p.path(path)); err != nil || string(after) != string(before) {
			t.Errorf("%s is now %s, %v", path, after, err)
		}
	}
}
