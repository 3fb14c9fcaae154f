//go:build !unix

package main

import "os"

// faults returns 0: page faults are not counted on this system.
func faults(*os.ProcessState) int64 { return 0 }
