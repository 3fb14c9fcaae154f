package main

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

// memory is what a process had resident at its end, in bytes: the most it ever had, and the private part of it.
//
// The kernel's answer to wait4 (maxrss) is no good for that: a child begins with its parent's high-water mark,
// so every small program looks as big as the one that starts it. VmHWM in /proc belongs to the memory of the
// new program alone, but is gone with it; so the process is stopped right at its end and read then.
func (b *bench) memory(c contender) ([]float64, error) {
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	in, err := os.Open(b.question)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	process, err := os.StartProcess(c.program.path, c.program.argv(), &os.ProcAttr{
		Env:   c.env,
		Files: []*os.File{in, out, b.stderr},
		Sys:   &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		return nil, fmt.Errorf("%w: no process may be traced here", errMissing)
	}
	defer process.Release()
	return untilExit(process.Pid)
}

// untilExit lets a traced process run and reads its memory at its end.
func untilExit(pid int) (memory []float64, err error) {
	begun := false
	for {
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
			if err == syscall.EINTR {
				continue
			}
			return nil, err
		}
		signal := 0
		switch {
		case status.Exited() && status.ExitStatus() == 0 && memory != nil:
			return memory, nil
		case status.Exited() || status.Signaled():
			return nil, fmt.Errorf("a traced process ended with status %#x", int(status))
		case !begun: // the stop after exec
			begun = true
			if err := syscall.PtraceSetOptions(pid, ptraceTraceExit|ptraceExitKill); err != nil {
				return nil, err
			}
		case status.TrapCause() == ptraceEventExit:
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if err != nil {
				return nil, err
			}
			if memory, err = parseStatus(string(text)); err != nil {
				return nil, err
			}
		case status.StopSignal() != syscall.SIGTRAP:
			signal = int(status.StopSignal())
		}
		if err := syscall.PtraceCont(pid, signal); err != nil {
			return nil, err
		}
	}
}

// parseStatus reads VmHWM and RssAnon, which are given in KiB.
func parseStatus(text string) ([]float64, error) {
	var memory []float64
	for _, name := range []string{"VmHWM:", "RssAnon:"} {
		_, rest, _ := strings.Cut(text, "\n"+name)
		value, _, ok := strings.Cut(rest, " kB\n")
		kibibytes, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if !ok || err != nil {
			return nil, fmt.Errorf("no %s in a process's status", name)
		}
		memory = append(memory, kibibytes*1024)
	}
	return memory, nil
}
