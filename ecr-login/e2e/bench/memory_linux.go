package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// From linux/ptrace.h. Package syscall has the calls, but not all of the numbers.
const (
	ptraceTraceExit = 0x40 // stop at the exit, before the kernel frees the memory
	ptraceExitKill  = 0x100000
	ptraceEventExit = 6
)

// privateMemory runs a program and returns its private memory at its end, in bytes. The kernel
// forgets the memory of a process when it ends, so the process is traced and stopped at its exit. A
// program that fails is an error.
func privateMemory(name string, argv []string, attr *os.ProcAttr) (int64, error) {
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	traced := *attr
	traced.Sys = &syscall.SysProcAttr{Ptrace: true}
	process, err := os.StartProcess(name, argv, &traced)
	if err != nil {
		return 0, fmt.Errorf("%w: tracing a process is not permitted here", errMissing)
	}
	defer process.Release()
	return traceUntilExit(process.Pid)
}

// traceUntilExit lets a traced process run and reads its memory at its exit.
func traceUntilExit(pid int) (private int64, err error) {
	begun := false
	for {
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
			if err == syscall.EINTR {
				continue
			}
			return 0, err
		}
		signal := 0
		switch {
		case status.Exited() && status.ExitStatus() == 0 && private != 0:
			return private, nil
		case status.Exited() || status.Signaled():
			return 0, fmt.Errorf("a traced process ended with status %#x", int(status))
		case !begun: // the stop after exec
			begun = true
			if err := syscall.PtraceSetOptions(pid, ptraceTraceExit|ptraceExitKill); err != nil {
				return 0, err
			}
		case status.TrapCause() == ptraceEventExit:
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if err != nil {
				return 0, err
			}
			if private, err = parseStatus(string(text)); err != nil {
				return 0, err
			}
		case status.StopSignal() != syscall.SIGTRAP:
			signal = int(status.StopSignal())
		}
		if err := syscall.PtraceCont(pid, signal); err != nil {
			return 0, err
		}
	}
}

// parseStatus returns RssAnon, in bytes, of the text of /proc/PID/status.
func parseStatus(text string) (int64, error) {
	_, rest, _ := strings.Cut(text, "\nRssAnon:")
	value, _, ok := strings.Cut(rest, " kB\n")
	kibibytes, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if !ok || err != nil {
		return 0, fmt.Errorf("no RssAnon in the status of a process")
	}
	return kibibytes << 10, nil
}
