package cache

import "sync"

// flights are the fetches under way in this process, by name. It is a package's
// worth of golang.org/x/sync/singleflight: that one imports runtime/debug, for
// which Go would initialise regexp before every hit.
type flights struct {
	mu    sync.Mutex
	under map[string]*flight
}

// A flight is one fetch. Its fields are set when done is closed.
type flight struct {
	done    chan struct{}
	entry   Entry
	err     error
	overdue bool // the budget of its first caller is used up
}

// join returns the flight called name, and starts it, in a goroutine of its own,
// when there is none under way; first tells who started it.
func (fs *flights) join(name string, work func() (Entry, error, bool)) (f *flight, first bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f, ok := fs.under[name]; ok {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	if fs.under == nil {
		fs.under = make(map[string]*flight)
	}
	fs.under[name] = f
	go func() {
		f.entry, f.err, f.overdue = work()
		fs.mu.Lock()
		delete(fs.under, name)
		fs.mu.Unlock()
		close(f.done)
	}()
	return f, true
}
