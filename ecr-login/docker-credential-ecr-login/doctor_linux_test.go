package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// refuseKeyring is an environment variable. It makes this test binary run the program that it names
// with the keyring's system calls refused, as a container's seccomp profile does.
const refuseKeyring = "ECR_TEST_REFUSE_KEYRING"

func init() {
	path := os.Getenv(refuseKeyring)
	if path == "" {
		return
	}
	os.Unsetenv(refuseKeyring)
	if err := filterKeyring(); err != nil {
		fmt.Println("skip", err)
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, syscall.Exec(path, os.Args, os.Environ()))
	os.Exit(2)
}

func filterKeyring() error {
	equal := func(k uint32, yes uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jt: yes}
	}
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the system call's number
		equal(unix.SYS_KEYCTL, 3),
		equal(unix.SYS_ADD_KEY, 2),
		equal(unix.SYS_REQUEST_KEY, 1),
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(syscall.EPERM)},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}

// withoutKeyring runs the program without the keyring and without a runtime directory in memory.
func (p *fixture) withoutKeyring(args ...string) answer {
	p.t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(p.dir, &st); err != nil || st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC {
		p.t.Skip("temporary files are in memory here")
	}
	p.set("XDG_RUNTIME_DIR=", refuseKeyring+"="+helper)
	cmd := p.command("", args...)
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd.Path = self
	a := finish(p.t, cmd)
	if len(a.stdout) > 5 && a.stdout[:5] == "skip " {
		p.t.Skip(a.stdout)
	}
	return a
}

func TestDoctorKeyringRefused(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.wants(problems(p.withoutKeyring("doctor", host)), 0,
		`! sealing      the key is in a file on disk in $DIR/.cache/ecr-login, so a copy of the disk includes it (the user's keyring in the Linux kernel: operation not permitted)
               fix: allow the system call keyctl, or set XDG_RUNTIME_DIR to a directory in memory
`)
}

func TestDoctorKeyringRefusedAndSealingRequired(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.set("ECR_LOGIN_SEALING=required")
	p.wants(problems(p.withoutKeyring("doctor", host)), 1,
		`✘ sealing      no place for the key: the user's keyring in the Linux kernel: operation not permitted; the settings forbid a sealing key on the disk
               fix: remove sealing = "required" from the settings, or allow the system call keyctl
`)
}

// otherUser is the user id of nobody on most systems.
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
func (p *fixture) ordinary() answer {
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

// Marks have colours on a terminal only, and not with NO_COLOR or TERM=dumb.
func TestDoctorColours(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.set("AWS_ECR_DISABLE_CACHE=1", "TERM=xterm")
	p.config("{}")
	for _, test := range []struct{ set, ok, warn, fail string }{
		{"NO_COLOR=", "\x1b[32m✔\x1b[0m", "\x1b[33m!\x1b[0m", "\x1b[31m✘\x1b[0m"},
		{"NO_COLOR=1", "✔", "!", "✘"},
		{"TERM=dumb", "✔", "!", "✘"},
	} {
		screen, code := onTerminal(t, p.with(test.set).command("", "doctor", host), "")
		if code != 1 || !strings.Contains(screen, test.ok+" config ") || !strings.Contains(screen, test.warn+" cache ") || !strings.Contains(screen, test.fail+" entry ") {
			t.Errorf("%s: exit code %d\n%q", test.set, code, screen)
		}
	}
}

// In a user namespace, such as that of rootless podman, the keyring is another one.
func TestDoctorUserNamespace(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	cmd := p.command("", "doctor", host)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
	}
	p.wants(problems(finish(t, cmd)), 0,
		`! sealing      the key is in the keyring of a user namespace; tokens cached outside are not found
               fix: run docker-credential-ecr-login refresh in this user namespace too
`)
}

// On a terminal of 80 columns no line is wider, unless a single word is, and nothing is lost.
func TestDoctorFitsTerminal(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.config(`{"credsStore": "desktop"}`)
	p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "TERM=xterm", "NO_COLOR=1")
	screen, code := onTerminalOf(t, p.command("", "doctor", host+"/app:v1"), "", 80)
	var lines []string
	for line := range strings.Lines(screen) {
		line = strings.TrimRight(line[strings.LastIndex(line, "\x1b[K")+1:], "\n") // without the progress
		line = strings.TrimPrefix(line, "[K")
		lines = append(lines, line)
		if r := []rune(line); len(r) > 80 && strings.Contains(string(r[indent:]), " ") {
			t.Errorf("%d columns: %q", len(r), line)
		}
	}
	joined := strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
	want := p.fill("✘ entry docker runs another helper: docker-credential-desktop, credsStore in $DIR/.docker/config.json:1 fix: docker-credential-ecr-login configure $HOST")
	if code != 1 || !strings.Contains(joined, want) {
		t.Errorf("exit code %d, doctor prints\n%s", code, screen)
	}
}

// Lines are printed as soon as they are known, and Ctrl-C prints what else is known.
func TestDoctorInterrupt(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.set("AWS_ENDPOINT_URL_STS=" + p.s.BlackHole())
	p.s.SetFault("ecr:GetAuthorizationToken", ecrtest.Fault{Silence: true})
	cmd := p.command("", "doctor", host)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		out.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "✔ entry ") { // credentials is next, and STS does not respond
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	text := out.String()
	if code := cmd.ProcessState.ExitCode(); code != interrupted || stderr.Len() > 0 || strings.Contains(text, "✘") ||
		!strings.Contains(text, "\n! not checked  credentials, ") || !strings.HasSuffix(text, ", token, registry: interrupted\n") {
		t.Errorf("exit code %d, doctor prints\n%s%s", code, text, stderr.String())
	}
}

// A reader that closes the pipe, such as head, ends the output without a message.
func TestDoctorClosedPipe(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	cmd := p.command("", "doctor", host)
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = w, &stderr
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 1 || stderr.Len() > 0 {
		t.Errorf("exit code %d, standard error %q", code, stderr.String())
	}
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
			if a := p.run("", "doctor", host); a.code != 1 || a.stderr != "" || !reported(a, "", path) {
				t.Errorf("exit code %d, doctor prints\n%s%s", a.code, a.stdout, a.stderr)
			}
			if a := p.run("", "explain", host); a.stderr != "" || test.explain != "" && !reported(a, test.explain, path) {
				t.Errorf("exit code %d, explain prints\n%s%s", a.code, a.stdout, a.stderr)
			}
		})
	}
}

// reported reports whether a line of the answer begins with prefix and says that path is not a regular
// file.
func reported(a answer, prefix, path string) bool {
	for line := range strings.Lines(a.stdout) {
		if strings.HasPrefix(line, prefix) && strings.Contains(line, path) && strings.Contains(line, "not a regular file") {
			return true
		}
	}
	return false
}
