package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// refuseKeyring, in the environment of this test binary, makes it the program named there, to which the kernel refuses
// the keyring's system calls, as a container's seccomp profile does.
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

// withoutKeyring runs the program without the keyring, and its runtime folder on the disk.
func (p *patient) withoutKeyring(args ...string) answer {
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
	p := newPatient(t)
	p.wants(complaints(p.withoutKeyring("doctor", host)), 0,
		`! sealing      the key is in a file on disk in $DIR/.cache/ecr-login, where a copy of the disk has it too (the user's keyring in the Linux kernel: operation not permitted)
               fix: allow the system call keyctl, or give the user an XDG_RUNTIME_DIR in memory
`)
}

func TestDoctorKeyringRefusedAndSealingRequired(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.set("ECR_LOGIN_SEALING=required")
	p.wants(complaints(p.withoutKeyring("doctor", host)), 1,
		`✘ sealing      no place for the key: the user's keyring in the Linux kernel: operation not permitted; the settings forbid a sealing key on the disk
               fix: take sealing = "required" out of the settings, or allow keyctl
`)
}

// aStranger is nobody on most machines.
const aStranger = 65534

// chown gives everything below path to a user.
func (p *patient) chown(path string, uid int) {
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

// ordinary runs doctor as somebody to whom modes mean something: root may do everything, and is a stranger for it.
func (p *patient) ordinary() answer {
	p.t.Helper()
	if os.Geteuid() != 0 {
		return p.run("", "doctor", host)
	}
	p.copy("bin/docker-credential-ecr-login")
	p.chown(p.dir, aStranger)
	p.chown(p.getenv("XDG_RUNTIME_DIR"), aStranger)
	if err := os.Chmod(filepath.Dir(p.dir), 0o755); err != nil { // of all of this test's folders
		p.t.Fatal(err)
	}
	c := p.command("", "doctor", host)
	c.Path = p.path("bin/docker-credential-ecr-login")
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: aStranger, Gid: aStranger}}
	return finish(p.t, c)
}

func TestDoctorReadOnlyHome(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.copy("bin/docker-credential-ecr-login")
	p.chmod(".", 0o555)
	t.Cleanup(func() { os.Chmod(p.dir, 0o755) })
	p.wants(complaints(p.ordinary()), 0,
		`! user         *, home $DIR, which cannot be written to: neither logins nor sessions can be kept there
               fix: mount it writable, or set DOCKER_CONFIG and AWS_ECR_CACHE_DIR to folders that are
! cache        $DIR/.cache/ecr-login is not used: not writable
               fix: make it a folder of this user that only this user can write to
`)
}

func TestDoctorReadOnlyCache(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.file("kept/CACHEDIR.TAG", "")
	p.chmod("kept", 0o555)
	t.Cleanup(func() { os.Chmod(p.path("kept"), 0o755) })
	p.set("AWS_ECR_CACHE_DIR=" + p.path("kept"))
	p.wants(complaints(p.ordinary()), 1,
		`✘ cache        $DIR/kept: not writable
               fix: make it writable for this user, or set AWS_ECR_CACHE_DIR to another
`)
}

func TestDoctorUnreadableFiles(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.chmod(".docker/config.json", 0)
	p.file(".ecr/cache.json", "")
	p.chmod(".ecr/cache.json", 0)
	p.wants(complaints(p.ordinary()), 1,
		`✘ config       $DIR/.docker/config.json: cannot be read: permission denied
               fix: make it readable for this user: *
! passwords    not checked: config failed
! old cache    $DIR/.ecr/cache.json cannot be looked into: permission denied
               fix: look into it as its owner
! entry        not checked: config failed
`)
}

// A cache folder that another user owns is not used: root's for an ordinary user, a stranger's for root.
func TestDoctorForeignCache(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	foreign := "/usr"
	if os.Geteuid() == 0 {
		foreign = p.path("foreign")
		p.file("foreign/file", "")
		p.chown(foreign, aStranger)
	}
	p.set("AWS_ECR_CACHE_DIR=" + foreign)
	p.wants(complaints(p.run("", "doctor", host)), 1,
		`! cache        $AWS_ECR_CACHE_DIR is not used: owned by another user
               fix: make it a folder of this user that only this user can write to
✘ cache        no usable cache directory: AWS is asked for every pull
               fix: set AWS_ECR_CACHE_DIR to a folder of this user
`)
}

// sudo without -H: the home is somebody else's.
func TestDoctorForeignHome(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can have a home that belongs to another user")
	}
	p := newPatient(t)
	if err := os.Chown(p.dir, aStranger, aStranger); err != nil {
		t.Fatal(err)
	}
	p.set("SUDO_USER=developer")
	p.wants(complaints(p.run("", "doctor", host)), 0,
		`! user         root (uid 0), by sudo of developer, home $DIR, which belongs to uid 65534: this program keeps nothing there
               fix: run the client with the home of its own user (sudo -H)
! cache        $DIR/.cache/ecr-login is not used: the home directory is missing or owned by another user
               fix: make it a folder of this user that only this user can write to
`)
}

// Marks have colours on a terminal, and only there; NO_COLOR and TERM=dumb take them away.
func TestDoctorColours(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.set("AWS_ECR_DISABLE_CACHE=1", "TERM=xterm")
	p.config("{}")
	for _, test := range []struct{ set, ok, warn, fail string }{
		{"NO_COLOR=", "\x1b[32m✔\x1b[0m", "\x1b[33m!\x1b[0m", "\x1b[31m✘\x1b[0m"},
		{"NO_COLOR=1", "✔", "!", "✘"},
		{"TERM=dumb", "✔", "!", "✘"},
	} {
		screen, code := onTerminal(t, p.with(test.set).command("", "doctor", host), "")
		if code != 1 || !strings.Contains(screen, "\n"+test.ok+" config ") || !strings.Contains(screen, "\n"+test.warn+" cache ") || !strings.Contains(screen, "\n"+test.fail+" entry ") {
			t.Errorf("%s: exit code %d\n%q", test.set, code, screen)
		}
	}
}
