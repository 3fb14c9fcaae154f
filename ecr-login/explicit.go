package ecrlogin

import (
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
)

// principal returns the name of explicit credentials in cache keys. Without a name it is unique,
// and differs from every name.
func principal(name string) string {
	if name != "" {
		return "name " + name
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return "helper " + hex.EncodeToString(id)
}

var processStart = time.Now()

// processClock returns c with a boot clock that reads no file, if c has none: it counts from the
// start of the process, which suffices for entries that live as long as the process.
func processClock(c cache.Clock) cache.Clock {
	if c.Boot != nil {
		return c
	}
	simulated := c.Now != nil
	c.Boot = func() (string, time.Duration, bool) { return "process", time.Since(processStart), !simulated }
	return c
}
