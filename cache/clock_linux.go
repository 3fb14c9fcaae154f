package cache

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// bootID reads the kernel's boot ID once per process. It returns "" if that fails.
var bootID = sync.OnceValue(func() string {
	fd, err := openRetry(unix.AT_FDCWD, "/proc/sys/kernel/random/boot_id", unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	var buf [64]byte
	n, err := readRetry(fd, buf[:])
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(buf[:n]))
})

// systemBoot returns the kernel's boot ID and CLOCK_BOOTTIME, which includes suspended time.
func systemBoot() (id string, since time.Duration, ok bool) {
	id = bootID()
	var ts unix.Timespec
	if id == "" || unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return "", 0, false
	}
	return id, time.Duration(ts.Nano()), true
}
