//go:build unix

package dockerconfig

import (
	"io"
	"os"
	"os/exec"
	"syscall"
)

// watch removes a file when its standard input ends before a line was read: when the process at the other end is gone.
const watch = `trap '' HUP INT TERM; read -r done || rm -f -- "$1"`

// guard has a file removed if this process ends before it calls release. The guard is in a session of its own, so
// that what is sent to this process's group, by a terminal or by whoever kills the lot, does not reach it. It keeps the
// standard error of this process open, so that who reads that to the end sees the folder clean. Without a shell there
// is no guard.
func guard(file string) (release func()) {
	cmd := exec.Command("/bin/sh", "-c", watch, "guard", file)
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return func() {}
	}
	if err := cmd.Start(); err != nil {
		return func() {}
	}
	return func() {
		_, _ = io.WriteString(in, "done\n")
		in.Close()
		_ = cmd.Wait()
	}
}
