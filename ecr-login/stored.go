package ecrlogin

import (
	"sync"
	"time"
)

// absentFor is how long a Helper with a Tier remembers that no login is stored. Otherwise every Get
// would look for one on the disk.
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
