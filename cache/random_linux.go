package cache

import "golang.org/x/sys/unix"

// random fills b from the kernel. It is crypto/rand without its import of
// math/big, for which Go would initialise RSA and X.509 before every hit; like
// that one it does not return when the kernel has nothing to give.
func random(b []byte) {
	for len(b) > 0 {
		n, err := unix.Getrandom(b, 0)
		if err != nil && err != unix.EINTR {
			panic(err)
		}
		b = b[max(n, 0):]
	}
}
