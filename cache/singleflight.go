package cache

import "sync"

// A group runs one call per name at a time in this process. It replaces
// golang.org/x/sync/singleflight, which imports runtime/debug: Go would then initialise regexp
// before every cache hit.
type group struct {
	mu    sync.Mutex
	calls map[string]*call
}

// A call is one running fetch. Its result is set when done is closed.
type call struct {
	done     chan struct{}
	entry    Entry
	err      error
	timedOut bool // the deadline of the caller that started it has passed
}

// join returns the running call with the given name, or starts one in a goroutine. started reports
// whether it did.
func (g *group) join(name string, fn func() (Entry, error, bool)) (c *call, started bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, ok := g.calls[name]; ok {
		return c, false
	}
	c = &call{done: make(chan struct{})}
	if g.calls == nil {
		g.calls = make(map[string]*call)
	}
	g.calls[name] = c
	go func() {
		c.entry, c.err, c.timedOut = fn()
		g.mu.Lock()
		delete(g.calls, name)
		g.mu.Unlock()
		close(c.done)
	}()
	return c, true
}
