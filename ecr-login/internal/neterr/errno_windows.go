package neterr

import "golang.org/x/sys/windows"

// The system's errors of a connection. The constants of package syscall with the names of Unix are
// other numbers, which Windows never returns.
const (
	refused            = windows.WSAECONNREFUSED
	reset              = windows.WSAECONNRESET
	hostUnreachable    = windows.WSAEHOSTUNREACH
	networkUnreachable = windows.WSAENETUNREACH
)
