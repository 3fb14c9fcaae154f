//go:build !linux

package cache

import "time"

// systemBoot reports that no boot clock is known on this system. Entries are aged by the wall clock
// alone, and entries that were fetched while it was wrong are not used.
func systemBoot() (id string, since time.Duration, ok bool) { return "", 0, false }
