//go:build !windows

package neterr

import "syscall"

// The system's errors of a connection.
const (
	refused            = syscall.ECONNREFUSED
	reset              = syscall.ECONNRESET
	hostUnreachable    = syscall.EHOSTUNREACH
	networkUnreachable = syscall.ENETUNREACH
)
