//go:build !linux

package main

import (
	"fmt"
	"os"
)

// privateMemory is implemented on Linux only.
func privateMemory(string, []string, *os.ProcAttr) (int64, error) {
	return 0, fmt.Errorf("%w: only Linux reports the private memory of a process", errMissing)
}
