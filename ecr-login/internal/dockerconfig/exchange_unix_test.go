//go:build unix && !linux

package dockerconfig

import "os"

// exchange exchanges two names.
func exchange(a, b string) error {
	if err := os.Rename(a, a+"-"); err != nil {
		return err
	}
	if err := os.Rename(b, a); err != nil {
		return err
	}
	return os.Rename(a+"-", b)
}
