package main

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
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
func (p *fixture) withoutKeyring(args ...string) result {
	p.t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(p.dir, &st); err != nil || st.Type == unix.TMPFS_MAGIC || uint32(st.Type) == unix.RAMFS_MAGIC {
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
