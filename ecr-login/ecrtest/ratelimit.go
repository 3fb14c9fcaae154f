package ecrtest

import (
	"sync"
	"time"
)

// SetRateLimit limits the calls of an operation to perSecond, with up to burst at once, as a token
// bucket. A call above the limit is refused as Throttled does, and takes nothing out of the bucket.
// A rate of 0 removes the limit. The bucket is full at first. It follows the real time, not the
// server's clock.
func (s *Server) SetRateLimit(op string, perSecond, burst float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if perSecond <= 0 {
		delete(s.limits, op)
		return
	}
	if s.limits == nil {
		s.limits = map[string]*rateLimit{}
	}
	s.limits[op] = &rateLimit{perSecond: perSecond, burst: burst, full: burst, last: time.Now()}
}

type rateLimit struct {
	mu                     sync.Mutex
	perSecond, burst, full float64
	last                   time.Time
}

// take reports whether a call at the given time is within the limit.
func (l *rateLimit) take(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.full = min(l.burst, l.full+now.Sub(l.last).Seconds()*l.perSecond)
	l.last = now
	if l.full < 1 {
		return false
	}
	l.full--
	return true
}

// limited reports whether a call of the operation is above its limit.
func (s *Server) limited(op string) bool {
	s.mu.Lock()
	l := s.limits[op]
	s.mu.Unlock()
	return l != nil && !l.take(time.Now())
}
