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

// runSystemRole runs the roles that need Linux: it prepares the process and then runs commands.
func runSystemRole(role string, c childConfig) int {
	var err error
	switch role {
	case "key":
	case "other session": // a new session keyring without a link to the user keyring
		runtime.LockOSThread() // a session keyring belongs to a thread
		_, err = unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0)
	case "keyring forbidden":
		err = filter(syscall.EPERM, keyringCalls, -1)
	case "no keyring":
		err = filter(syscall.ENOSYS, keyringCalls, -1)
	case "no key move":
		err = filter(syscall.EOPNOTSUPP, []uint32{unix.SYS_KEYCTL}, unix.KEYCTL_MOVE)
	case "no random bytes":
		err = filter(syscall.EPERM, []uint32{unix.SYS_GETRANDOM}, -1)
	case "full keyring":
		err = fillKeyring(c.Description)
	case "small disk":
		err = mountSmallDisk(c.Dir)
	default:
		return 2
	}
	if err != nil {
		fmt.Println("skip", err)
		return 0
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		runCommand(in.Text(), c)
	}
	return 0
}

func runCommand(command string, c childConfig) {
	d := c.disk()
	switch command {
	case "make": // creates the sealing key and prints its ID
		fmt.Println("waiting for the gate")
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
	case "status":
		s := d.Status()
		fmt.Printf("status %s exists %v, writable %v: %s\n", s.Dir, s.Exists, s.Writable, s.Problem)
	case "remove":
		removeKey(c.Description)
		for i := range 300 {
			removeKey(c.Description + strconv.Itoa(i))
		}
		fmt.Println("removed")
	case "do":
		e, err := (&Cache{Disk: d}).Do(context.Background(), "k", func(context.Context) (Entry, error) {
			return halfDay("fetched", time.Now()), nil
		})
		fmt.Println("got", string(e.Value), err)
	case "do with failure":
		c := withSharedFailures(&Cache{Disk: d})
		e, err := c.Do(context.Background(), "k", func(context.Context) (Entry, error) {
			return Entry{}, &sharedError{"fetch failed"}
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

// keyringCalls are the system calls of the kernel's keyring.
var keyringCalls = []uint32{unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY}

// filter makes the kernel reject system calls, as the seccomp profile of a container does. If
// command is not -1, it rejects them only if their first argument is command.
func filter(errno syscall.Errno, calls []uint32, command int) error {
	const (
		number = 0  // offset of the system call's number in struct seccomp_data
		first  = 16 // offset of the low half of the first argument on a little-endian machine
	)
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	equal := func(k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jt: yes, Jf: no}
	}
	ret := func(k uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k}
	}
	program := []unix.SockFilter{load(number)}
	for i, call := range calls {
		program = append(program, equal(call, uint8(len(calls)-i), 0))
	}
	program = append(program, ret(unix.SECCOMP_RET_ALLOW))
	if command >= 0 {
		program = append(program, load(first), equal(uint32(command), 1, 0), ret(unix.SECCOMP_RET_ALLOW))
	}
	program = append(program, ret(unix.SECCOMP_RET_ERRNO|uint32(errno)))
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

// fillKeyring adds keys until the user's quota is used up.
func fillKeyring(description string) error {
	for i := range 300 {
		if _, err := unix.AddKey("user", description+strconv.Itoa(i), []byte("x"), userKeyring); err != nil {
			if errors.Is(err, unix.EDQUOT) {
				return nil
			}
			return err
		}
	}
	return errors.New("no quota for keys")
}

// mountSmallDisk mounts a file system of 64 KiB at dir, in the mount namespace of this process.
func mountSmallDisk(dir string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount("small", dir, "tmpfs", 0, "size=64k,mode=0700")
}

// fill writes a file until the disk is full.
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

// asUser makes a child run as another user.
func asUser(id uint32) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		if int(id) != os.Geteuid() {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
		}
	}
}

// users returns this user and, if that is root, another one.
func users(t testing.TB) []uint32 {
	if !isRoot() {
		t.Log("only this user, because another one needs root")
		return []uint32{uint32(os.Geteuid())}
	}
	return []uint32{0, otherUser}
}

// dirFor creates a directory that the user owns and all users can enter.
func dirFor(t testing.TB, id int) string {
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

// testBinary makes a child run a copy of the test binary that every user can execute.
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
	// A process that is forked while the file is open for writing would keep it open, and the file
	// could not be executed.
	syscall.ForkLock.RLock()
	err = os.WriteFile(path, b, 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return func(cmd *exec.Cmd) { cmd.Path = path }
}

// startRole starts a child and waits until it is ready.
func startRole(t testing.TB, role string, c childConfig, change ...func(*exec.Cmd)) *process {
	t.Helper()
	p := start(t, role, c, change...)
	if line := p.receive(); line != "ready" {
		t.Skipf("cannot set this up here: %s", line)
	}
	return p
}
