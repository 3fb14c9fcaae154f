package main

import (
	"fmt"
	"sync"
	"time"
)

// localBudget bounds what a command does without the network: reading and writing files. Files that
// are no regular files are refused when they are opened, so only a file system that does not
// respond takes that long.
const localBudget = 30 * time.Second

// A budget bounds the time of a command whose work cannot be interrupted.
type budget struct {
	limit time.Duration // 0: localBudget

	mu    sync.Mutex
	timer *time.Timer
}

// run runs work and returns its error, or an error when the time is over. The work then goes on
// until the process ends.
func (b *budget) run(name string, work func() error) error {
	if b.limit == 0 {
		b.limit = localBudget
	}
	b.mu.Lock()
	b.timer = time.NewTimer(b.limit)
	b.mu.Unlock()
	defer b.pause()
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-b.timer.C:
		return advised{
			fmt.Errorf("%s did not finish within %s", name, b.limit),
			"look for a file system that does not respond: the AWS files, Docker's config.json, the settings and the cache",
		}
	}
}

// pause stops the clock of the budget: for a prompt, and for work that has a time limit of its own.
func (b *budget) pause() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
	}
}

// restart gives the command the whole budget again.
func (b *budget) restart() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Reset(b.limit)
	}
}
