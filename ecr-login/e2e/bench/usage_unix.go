//go:build unix

package main

import (
	"os"
	"syscall"
)

// faults is the number of page faults that needed no disk: pages that were mapped, zeroed or copied.
func faults(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return int64(usage.Minflt)
	}
	return 0
}
