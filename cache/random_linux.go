package cache

import "golang.org/x/sys/unix"

// random fills b with random bytes from the kernel. It fails if getrandom is forbidden, where
// crypto/rand would end the process. It also avoids the imports of crypto/rand: with them, Go
// initialises RSA and X.509 before every cache hit.
func random(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Getrandom(b, 0)
		if err != nil && err != unix.EINTR {
			return err
		}
		b = b[max(n, 0):]
	}
	return nil
}
