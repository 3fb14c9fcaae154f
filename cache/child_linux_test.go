package cache

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
)

// actHere are the roles that need Linux: each sets the process up, then does
// what it is told.
func actHere(role string, c childConfig) int {
	var err error
	switch role {
	case "key":
	case "key in another session": // an empty one, and the user keyring is not linked to it
		runtime.LockOSThread() // whose session it is
		_, err = unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0)
	case "key refused":
		err = filter(syscall.EPERM, -1)
	case "key unknown":
		err = filter(syscall.ENOSYS, -1)
	case "key not moved":
		err = filter(syscall.EOPNOTSUPP, unix.KEYCTL_MOVE)
	case "key, no room":
		err = fillKeyring(c.Description)
	case "small disk":
		err = mountSmall(c.Dir)
	default:
		return 2
	}
	if err != nil {
		fmt.Println("skip", err)
		return 0
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		actOn(in.Text(), c)
	}
	return 0
}

func actOn(command string, c childConfig) {
	d := c.disk()
	switch command {
	case "make": // the sealing key; its id tells whether all have the same
		fmt.Println("at the gate")
		gate := flock.New(c.Gate)
		if err := gate.RLock(); err != nil {
			fmt.Println("error", err)
		}
		defer gate.Unlock()
		f, dir, err := d.create()
		if err != nil {
			fmt.Println("error", err)
			return
		}
		defer f.close()
		defer dir.Close()
		k, err := d.makeKey(f)
		fmt.Println("key", k.id(), err)
	case "put":
		fmt.Println("put", d.Put("k", halfDay("v", time.Now())))
	case "get":
		e, _, err := d.Get("k")
		fmt.Println("get", string(e.Value), err)
	case "where":
		s := d.Status()
		fmt.Printf("where %v %s\n", s.KeyOffDisk, s.KeyStore)
	case "forget":
		forgetKey(c.Description)
		for i := range 300 {
			forgetKey(c.Description + strconv.Itoa(i))
		}
		fmt.Println("forgot")
	case "do":
		e, err := (&Cache{Disk: d}).Do(context.Background(), "k", func(context.Context) (Entry, error) {
			return halfDay("fetched", time.Now()), nil
		})
		fmt.Println("got", string(e.Value), err)
	case "fill":
		fmt.Println("filled", fill(filepath.Join(c.Dir, "ballast")))
	case "read only":
		fmt.Println("done", unix.Mount("", c.Dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	case "free":
		fmt.Println("freed", os.Remove(filepath.Join(c.Dir, "ballast")))
	}
}

// filter makes the kernel refuse the keyring's system calls from now on, as a
// container's seccomp profile does; only one command of keyctl unless it is -1.
func filter(errno syscall.Errno, command int) error {
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	equal := func(k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jt: yes, Jf: no}
	}
	answer := func(k uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k}
	}
	const (
		number = 0  // of the system call, in struct seccomp_data
		first  = 16 // low half of its first argument, on a little-endian machine
	)
	deny := unix.SECCOMP_RET_ERRNO | uint32(errno)
	program := []unix.SockFilter{
		load(number),
		equal(unix.SYS_KEYCTL, 3, 0),
		equal(unix.SYS_ADD_KEY, 2, 0),
		equal(unix.SYS_REQUEST_KEY, 1, 0),
		answer(unix.SECCOMP_RET_ALLOW),
		answer(deny),
	}
	if command >= 0 {
		program = []unix.SockFilter{
			load(number),
			equal(unix.SYS_KEYCTL, 0, 2),
			load(first),
			equal(uint32(command), 1, 0),
			answer(unix.SECCOMP_RET_ALLOW),
			answer(deny),
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if e != 0 {
		return e
	}
	return nil
}

// fillKeyring takes all the keys that this user may have.
func fillKeyring(description string) error {
	for i := range 300 {
		if _, err := unix.AddKey("user", description+strconv.Itoa(i), []byte("x"), userKeyring); err != nil {
			if errors.Is(err, unix.EDQUOT) {
				return nil
			}
			return err
		}
	}
	return errors.New("this user's quota has no end")
}

// mountSmall puts a file system of 64 KiB at dir, in a mount namespace that
// this process has for itself.
func mountSmall(dir string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount("small", dir, "tmpfs", 0, "size=64k,mode=0700")
}

// fill writes until there is no room.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 512)); err != nil {
			if errors.Is(err, unix.ENOSPC) {
				return nil
			}
			return err
		}
	}
}

// asUser runs a child as somebody else.
func asUser(id uint32) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		if int(id) != os.Geteuid() {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
		}
	}
}

// users are this one and, for root, another one.
func users(t testing.TB) []uint32 {
	if !isRoot() {
		t.Log("only this user: another one needs root")
		return []uint32{uint32(os.Geteuid())}
	}
	return []uint32{0, aStranger}
}

// openFor makes a folder of that user's, where others can come by.
func openFor(t testing.TB, id int) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "cache-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if id != os.Geteuid() {
		if err := os.Chown(dir, id, id); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// testBinary runs a copy of this program that every user can start.
func testBinary(t testing.TB, dir string) func(*exec.Cmd) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "child")
	// A child that is forked while the file is open for writing keeps it so,
	// and it cannot be run.
	syscall.ForkLock.RLock()
	err = os.WriteFile(path, b, 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return func(cmd *exec.Cmd) { cmd.Path = path }
}

// startReady starts a child that is set up to do what it is told.
func startReady(t testing.TB, role string, c childConfig, change ...func(*exec.Cmd)) *process {
	t.Helper()
	p := start(t, role, c, change...)
	if line := p.hear(); line != "ready" {
		t.Skipf("cannot be set up here: %s", line)
	}
	return p
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	rootOnly(t, "mounts a small file system in a namespace of its own")
	p := startReady(t, "small disk", childConfig{Dir: t.TempDir()}, func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	})
	for _, step := range []struct{ say, want string }{
		{"fill", "filled <nil>"},
		{"do", "got fetched <nil>"}, // nothing is there yet, and nothing can be made
		{"get", "get  not in the cache: no sealing key yet"},
		{"free", "freed <nil>"},
		{"put", "put <nil>"},
		{"fill", "filled <nil>"},
		{"get", "get v <nil>"},
		{"do", "got v <nil>"},
		{"free", "freed <nil>"},
		{"put", "put <nil>"},
	} {
		p.say(step.say)
		p.want(step.want)
	}
}

// A folder that was named is read even when nothing can be written to it.
func TestReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	rootOnly(t, "mounts a small file system in a namespace of its own")
	p := startReady(t, "small disk", childConfig{Dir: t.TempDir()}, func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	})
	p.say("put")
	p.want("put <nil>")
	p.say("read only")
	p.want("done <nil>")
	p.say("get")
	p.want("get v <nil>")
	p.say("do")
	p.want("got v <nil>")
	p.say("put")
	if line := p.hear(); line == "put <nil>" {
		t.Error("written to a read-only file system")
	}
}
