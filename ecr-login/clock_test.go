package ecrlogin_test

import (
	"sync"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// clock is a simulated clock that the server shares.
type clock struct {
	mu   sync.Mutex
	time time.Time
}

func newClock(s *ecrtest.Server) *clock {
	c := &clock{time: time.Now().Round(0)}
	s.SetClock(c.now)
	return c
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

// add moves the clock forward by minutes.
func (c *clock) add(minutes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(time.Duration(minutes) * time.Minute)
}
