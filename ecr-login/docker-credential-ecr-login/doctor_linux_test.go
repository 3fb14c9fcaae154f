package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// otherUser is the user ID of the user nobody on most systems.
const otherUser = 65534

// chown changes the owner of everything below path.
func (p *fixture) chown(path string, uid int) {
	p.t.Helper()
	err := filepath.WalkDir(path, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, uid)
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// ordinary runs doctor as a user who is not root, because permission bits do not stop root.
func (p *fixture) ordinary() result {
	p.t.Helper()
	if os.Geteuid() != 0 {
		return p.run("", "doctor", host)
	}
	p.copy("bin/docker-credential-ecr-login")
	p.chown(p.dir, otherUser)
	p.chown(p.getenv("XDG_RUNTIME_DIR"), otherUser)
	if err := os.Chmod(filepath.Dir(p.dir), 0o755); err != nil { // of all of this test's directories
		p.t.Fatal(err)
	}
	c := p.command("", "doctor", host)
	c.Path = p.path("bin/docker-credential-ecr-login")
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: otherUser, Gid: otherUser}}
	return finish(p.t, c)
}

func TestDoctorReadOnlyHome(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.copy("bin/docker-credential-ecr-login")
	p.chmod(".", 0o555)
	t.Cleanup(func() { os.Chmod(p.dir, 0o755) })
	p.wants(problems(p.ordinary()), 0,
		`! user         *, home $DIR, not writable; logins and SSO sessions cannot be stored there
               fix: make it writable, or set DOCKER_CONFIG and AWS_ECR_CACHE_DIR to writable directories
! cache        $DIR/.cache/ecr-login is not used: not writable
               fix: make it owned by this user and writable only by this user
`)
}

func TestDoctorReadOnlyCache(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.file("cache/CACHEDIR.TAG", "")
	p.chmod("cache", 0o555)
	t.Cleanup(func() { os.Chmod(p.path("cache"), 0o755) })
	p.set("AWS_ECR_CACHE_DIR=" + p.path("cache"))
	p.wants(problems(p.ordinary()), 1,
		`✘ cache        $DIR/cache: not writable
               fix: make it writable for this user, or set AWS_ECR_CACHE_DIR to another directory
`)
}

func TestDoctorUnreadableFiles(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.chmod(".docker/config.json", 0)
	p.file(".ecr/cache.json", "")
	p.chmod(".ecr/cache.json", 0)
	p.wants(problems(p.ordinary()), 1,
		`✘ config       $DIR/.docker/config.json: cannot be read: permission denied
               fix: make the file readable for this user; its owner is *
! old cache    cannot read $DIR/.ecr/cache.json: permission denied
               fix: check it as its owner
! not checked  passwords: config failed
! not checked  entry: config failed
`)
}

// A cache directory that another user owns is not used.
func TestDoctorCacheOfAnotherUser(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	other := "/usr"
	if os.Geteuid() == 0 {
		other = p.path("other")
		p.file("other/file", "")
		p.chown(other, otherUser)
	}
	p.set("AWS_ECR_CACHE_DIR=" + other)
	p.wants(problems(p.run("", "doctor", host)), 1,
		`! cache        $AWS_ECR_CACHE_DIR is not used: owned by another user
               fix: make it owned by this user and writable only by this user
✘ cache        no usable cache directory; every pull calls AWS
               fix: set AWS_ECR_CACHE_DIR to a directory of this user
`)
}

// With sudo and without -H the home directory belongs to another user.
func TestDoctorHomeOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can have a home that belongs to another user")
	}
	p := newFixture(t)
	if err := os.Chown(p.dir, otherUser, otherUser); err != nil {
		t.Fatal(err)
	}
	p.set("SUDO_USER=developer")
	p.wants(problems(p.run("", "doctor", host)), 0,
		`! user         root (uid 0), through sudo from developer, home $DIR, owned by *; nothing is cached there
               fix: run the client with its own user's home directory (sudo -H)
! cache        $DIR/.cache/ecr-login is not used: the home directory is missing or owned by another user
               fix: make it owned by this user and writable only by this user
`)
}

// A pipe in place of a file is reported and does not make doctor or explain wait.
func TestDoctorPipes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file, env string // the file below the home directory, or the variable that names the pipe
		explain   string // what explain prints of it; "" for nothing
	}{
		{file: ".docker/config.json", explain: "docker "},
		{file: ".config/containers/auth.json"},
		{file: ".ecr/cache.json"},
		{env: "ECR_LOGIN_CONFIG", explain: "get would "},
		{env: "AWS_CONFIG_FILE", explain: "get would "},
		{env: "AWS_SHARED_CREDENTIALS_FILE", explain: "get would "},
		{env: "AWS_CA_BUNDLE", explain: "get would "},
		{env: "AWS_WEB_IDENTITY_TOKEN_FILE"},
	} {
		t.Run(test.file+test.env, func(t *testing.T) {
			t.Parallel()
			p := newFixture(t)
			p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=")
			path := p.path("pipe")
			if test.file != "" {
				path = p.path(test.file)
				p.file(test.file+".dir", "") // makes the directory
				p.remove(test.file)
			} else {
				p.set(test.env+"="+path, "AWS_ROLE_ARN=arn:aws:iam::123456789012:role/pull")
			}
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			if a := p.run("", "doctor", host); a.stderr != "" || !reported(a, "", path) {
				t.Errorf("exit code %d, doctor prints\n%s%s", a.code, a.stdout, a.stderr)
			}
			if a := p.run("", "explain", host); a.stderr != "" || test.explain != "" && !reported(a, test.explain, path) {
				t.Errorf("exit code %d, explain prints\n%s%s", a.code, a.stdout, a.stderr)
			}
		})
	}
}

// reported reports whether a line of the answer begins with prefix and says that path is not a
// regular file.
func reported(a result, prefix, path string) bool {
	for line := range strings.Lines(a.stdout) {
		if strings.HasPrefix(line, prefix) && strings.Contains(line, path) && strings.Contains(line, "not a regular file") {
			return true
		}
	}
	return false
}
