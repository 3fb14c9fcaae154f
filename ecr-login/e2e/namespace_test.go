//go:build e2e && linux

package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// privateDir is a directory in the private /run for all files of the run.
	privateDir = "/run/e2e"
	// address is the address of ECR's host names. It is from TEST-NET-1 (RFC 5737) and not from
	// 127.0.0.0/8, because Docker treats every registry at a loopback address as insecure and does
	// not verify its certificate.
	address = "192.0.2.1"
	// cgroupParent is the control group of the engine's containers. Control groups are the only
	// part of the machine that no namespace hides. removeControlGroups removes it.
	cgroupParent = "ecr-login-e2e"
)

// namespaces are the attributes of process 1. The kernel kills process 1 when the thread that
// started it ends, and all other processes when process 1 ends.
func namespaces() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
}

// makePrivateMachine gives the namespaces their own /etc, /home and /usr/local/bin, an empty /run, their own /proc and a
// loopback device with two addresses. An engine of the machine that listens in /run is not
// reachable from here.
func makePrivateMachine() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making the mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mounting a tmpfs over /run: %w", err)
	}
	for _, dir := range []string{"/etc", "/home", "/usr/local/bin"} {
		if err := makePrivate(dir); err != nil {
			return err
		}
	}
	if err := addAddress("lo", "127.0.0.1"); err != nil {
		return err
	}
	return addAddress("lo:1", address)
}

// makePrivate mounts an overlay over a directory, whose changes end with the run.
func makePrivate(dir string) error {
	upper := filepath.Join(privateDir, filepath.Base(dir))
	work := upper + ".work"
	for _, d := range []string{upper, work} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", dir, upper, work)
	if err := unix.Mount("overlay", dir, "overlay", 0, options); err != nil {
		return fmt.Errorf("mounting an overlay over %s: %w", dir, err)
	}
	return nil
}

// addAddress sets the IPv4 address of a device, or of an alias of one, and brings it up.
func addAddress(device, ip string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(device)
	if err != nil {
		return err
	}
	var four [4]byte
	if _, err := fmt.Sscanf(ip, "%d.%d.%d.%d", &four[0], &four[1], &four[2], &four[3]); err != nil {
		return err
	}
	if err := request.SetInet4Addr(four[:]); err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFADDR, request); err != nil {
		return fmt.Errorf("giving %s the address %s: %w", device, ip, err)
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING | unix.IFF_LOOPBACK)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("bringing %s up: %w", device, err)
	}
	return nil
}

// superviseTests runs as process 1: it starts the tests, waits for orphaned processes, and ends
// with the tests.
func superviseTests() int {
	runtime.LockOSThread()
	child, err := syscall.ForkExec("/proc/self/exe", os.Args, &syscall.ProcAttr{
		Env:   stageEnvironment(stageTests),
		Files: []uintptr{0, 1, 2},
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "e2e: starting the tests: %v\n", err)
		return 1
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			fmt.Fprintf(os.Stderr, "e2e: waiting for the tests: %v\n", err)
			return 1
		case pid == child && status.Exited():
			return status.ExitStatus()
		case pid == child && status.Signaled():
			fmt.Fprintf(os.Stderr, "e2e: the tests were ended by signal %v\n", status.Signal())
			return 1
		}
	}
}

// machineState describes what a run could change outside its namespaces: the hosts file, trust
// stores, and the clients' system-wide settings.
func machineState() string {
	var state strings.Builder
	for _, root := range []string{"/etc/hosts", "/etc/resolv.conf", "/etc/docker", "/etc/containers", "/etc/ssl/certs", "/run/e2e"} {
		count, newest := 0, int64(0)
		filepath.WalkDir(root, func(_ string, entry fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			if info, err := entry.Info(); err == nil {
				count++
				newest = max(newest, info.ModTime().UnixNano())
			}
			return nil
		})
		fmt.Fprintf(&state, "%s: %d files, newest %d\n", root, count, newest)
	}
	for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} {
		left, _ := filepath.Glob(pattern + cgroupParent)
		fmt.Fprintf(&state, "%s%s: %d\n", pattern, cgroupParent, len(left))
	}
	return state.String()
}

// removeControlGroups removes the empty directories that the engine's containers leave in every
// hierarchy. A directory in use stays, and machineState reports it.
func removeControlGroups() {
	for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} {
		left, _ := filepath.Glob(pattern + cgroupParent)
		for _, root := range left {
			var dirs []string
			filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					dirs = append(dirs, path)
				}
				return nil
			})
			for _, dir := range slices.Backward(dirs) {
				unix.Rmdir(dir)
			}
		}
	}
}
