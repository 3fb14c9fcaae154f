package ecrlogin_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
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

// settle sets the times of all files to an hour ago: files that changed in the last two seconds are
// always read.
func settle(t testing.TB, dir string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(path, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}
}
