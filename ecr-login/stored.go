package ecrlogin

import (
	"sync"
	"time"
)

// absentFor is how long a Helper with a Tier does not look again for a login that was not stored. Every
// Get looks for one, and the place is the disk.
const absentFor = time.Second

// storedLogins remembers which cache keys had no stored login.
type storedLogins struct{ absent sync.Map }

func (s *storedLogins) isAbsent(key string) bool {
	since, ok := s.absent.Load(key)
	return ok && time.Since(since.(time.Time)) < absentFor
}

func (s *storedLogins) setAbsent(key string) { s.absent.Store(key, time.Now()) }

// forget makes the next Get look for the login again.
func (s *storedLogins) forget(key string) { s.absent.Delete(key) }
