//go:build unix

package process

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// maxRounds bounds the search for descendants that are started while others are ended.
const maxRounds = 100

// tree is a running command with its descendants.
type tree struct {
	pid   int
	group bool // the command has a process group of its own
}

func start(cmd *exec.Cmd, group bool) (tree, error) {
	if group {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	}
	if err := cmd.Start(); err != nil {
		return tree{}, err
	}
	return tree{pid: cmd.Process.Pid, group: group}, nil
}

// hasTerminal reports whether this process has a controlling terminal.
func hasTerminal() bool {
	f, err := os.OpenFile("/dev/tty", os.O_RDONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// kill ends the command and its descendants. Each round stops the processes that it finds before it
// ends them, so that their children keep them as parents and can be found.
func (t tree) kill() {
	stopped := map[int]bool{}
	for range maxRounds {
		found := false
		for _, pid := range t.descendants() {
			if !stopped[pid] {
				stopped[pid], found = true, true
				syscall.Kill(pid, syscall.SIGSTOP)
			}
		}
		if !found {
			break
		}
	}
	for pid := range stopped {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	if t.group {
		syscall.Kill(-t.pid, syscall.SIGKILL)
	}
}

// descendants returns the command and the processes below it.
func (t tree) descendants() []int {
	children := map[int][]int{}
	for pid, parent := range parents() {
		children[parent] = append(children[parent], pid)
	}
	all := []int{t.pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

func (tree) close() {}

// catchSignals catches the signals that would end this process at once. It leaves those that this
// process was started to ignore, as by nohup.
func catchSignals() chan os.Signal {
	caught := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		if !signal.Ignored(s) {
			signal.Notify(caught, s)
		}
	}
	return caught
}

// release stops catching signals. One that has arrived ends this process.
func release(caught chan os.Signal) {
	signal.Stop(caught)
	select {
	case s := <-caught:
		endBy(s)
	default:
	}
}

// endBy ends this process as the signal would have without catchSignals.
func endBy(s os.Signal) {
	signal.Reset(s)
	syscall.Kill(os.Getpid(), s.(syscall.Signal))
	time.Sleep(time.Minute) // another thread may get the signal
}
