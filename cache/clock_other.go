//go:build !linux

package cache

import "time"

// machineBoot has no answer here: the wall clock alone counts, and entries
// fetched under a wrong clock are not believed.
func machineBoot() (id string, since time.Duration, ok bool) { return "", 0, false }
