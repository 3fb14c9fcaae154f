package peak

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// From linux/ptrace.h; package syscall has the calls and not all of the numbers.
const (
	ptraceTraceExit = 0x40 // stop at the end, before the memory is given back
	ptraceExitKill  = 0x100000
	ptraceEventExit = 6
)

// Run starts a program as [os.StartProcess] does and tells its memory when it has ended. A program that fails is an
// error.
func Run(name string, argv []string, attr *os.ProcAttr) (Memory, error) {
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	traced := *attr
	traced.Sys = &syscall.SysProcAttr{Ptrace: true}
	process, err := os.StartProcess(name, argv, &traced)
	if err != nil {
		return Memory{}, fmt.Errorf("%w: no process may be traced here", ErrMissing)
	}
	defer process.Release()
	return untilExit(process.Pid)
}

// untilExit lets a traced process run and reads its memory at its end.
func untilExit(pid int) (m Memory, err error) {
	begun := false
	for {
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
			if err == syscall.EINTR {
				continue
			}
			return Memory{}, err
		}
		signal := 0
		switch {
		case status.Exited() && status.ExitStatus() == 0 && m != Memory{}:
			return m, nil
		case status.Exited() || status.Signaled():
			return Memory{}, fmt.Errorf("a traced process ended with status %#x", int(status))
		case !begun: // the stop after exec
			begun = true
			if err := syscall.PtraceSetOptions(pid, ptraceTraceExit|ptraceExitKill); err != nil {
				return Memory{}, err
			}
		case status.TrapCause() == ptraceEventExit:
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if err != nil {
				return Memory{}, err
			}
			if m, err = parseStatus(string(text)); err != nil {
				return Memory{}, err
			}
		case status.StopSignal() != syscall.SIGTRAP:
			signal = int(status.StopSignal())
		}
		if err := syscall.PtraceCont(pid, signal); err != nil {
			return Memory{}, err
		}
	}
}

// parseStatus reads what is given in KiB.
func parseStatus(text string) (m Memory, err error) {
	for _, field := range []struct {
		name  string
		value *int64
	}{{"VmHWM:", &m.Most}, {"RssFile:", &m.File}, {"RssAnon:", &m.Private}} {
		_, rest, _ := strings.Cut(text, "\n"+field.name)
		value, _, ok := strings.Cut(rest, " kB\n")
		kibibytes, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if !ok || err != nil {
			return Memory{}, fmt.Errorf("no %s in a process's status", field.name)
		}
		*field.value = kibibytes << 10
	}
	return m, nil
}
