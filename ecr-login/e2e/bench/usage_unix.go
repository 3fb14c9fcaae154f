//go:build unix

package main

import (
	"os"
	"syscall"
)

// faults returns the number of page faults without disk access: pages that were mapped, zeroed or
// copied.
func faults(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return int64(usage.Minflt)
	}
	return 0
}
