package cache

import (
	"path/filepath"
	"testing"
	"time"
)

func newChildConfig(t testing.TB) childConfig {
	dir := t.TempDir()
	return childConfig{Dir: filepath.Join(dir, "cache"), Calls: filepath.Join(dir, "calls")}
}

func TestDoFetchesOnce(t *testing.T) {
	t.Parallel()
	c := newChildConfig(t)
	leader, waiting := startFetch(t, startCallers(t, 50, c))
	leader.send("return v")
	leader.want("got v")
	for _, p := range waiting {
		p.want("got v")
	}
	if n := countCalls(t, c.Calls); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
	// The entry is in the cache now.
	waiting[0].send("do")
	waiting[0].want("got v")
}

func TestFetchingProcessKilled(t *testing.T) {
	t.Parallel()
	c := newChildConfig(t)
	leader, waiting := startFetch(t, startCallers(t, 20, c))
	leader.kill()
	second, rest := nextLeader(t, waiting)
	second.send("return v")
	second.want("got v")
	for _, p := range rest {
		p.want("got v")
	}
	if n := countCalls(t, c.Calls); n != 2 {
		t.Errorf("%d fetches, want 2", n)
	}
}

func TestFailureSharedWithWaiting(t *testing.T) {
	t.Parallel()
	c := newChildConfig(t)
	leader, waiting := startFetch(t, startCallers(t, 100, c))
	leader.send("fail access denied")
	leader.want("error access denied")
	for _, p := range waiting {
		p.want("error access denied")
	}
	if n := countCalls(t, c.Calls); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
	// A process that calls Do later fetches again.
	late := waiting[0]
	late.send("do")
	late.want("fetching")
	late.send("return v")
	late.want("got v")
	waiting[1].send("do")
	waiting[1].want("got v")
}

func TestFailureHeldForLaterCallers(t *testing.T) {
	t.Parallel()
	c := newChildConfig(t)
	all := startCallers(t, 3, c)
	all[0].send("do")
	all[0].want("fetching")
	all[0].send("fail hold: no credentials")
	all[0].want("error hold: no credentials")
	for _, p := range all[1:] {
		p.send("do")
		p.want("error hold: no credentials")
	}
	if n := countCalls(t, c.Calls); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

func TestCancellationNotShared(t *testing.T) {
	t.Parallel()
	c := newChildConfig(t)
	leader, waiting := startFetch(t, startCallers(t, 10, c))
	leader.send("cancel")
	leader.want("error context canceled")
	leader.kill() // otherwise its fetch would continue in the background
	second, rest := nextLeader(t, waiting)
	second.send("return v")
	second.want("got v")
	for _, p := range rest {
		p.want("got v")
	}
}

func TestAgingEntryRefreshedByOne(t *testing.T) {
	t.Parallel()
	c := newChildConfig(t)
	d := c.disk()
	mustPut(t, d, "k", halfDay("old", time.Now().Add(-7*time.Hour)))
	all := startCallers(t, 30, c)
	all[0].send("do")
	all[0].want("fetching")
	for _, p := range all[1:] {
		p.send("do")
		p.want("got old") // during the refresh
	}
	all[0].send("return new")
	all[0].want("got new")
	all[1].send("do")
	all[1].want("got new")
	if n := countCalls(t, c.Calls); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

func TestFailedRefreshDelaysNext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, command string }{
		{"failed", "fail access denied"},
		{"canceled: the next process refreshes", "cancel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config := newChildConfig(t)
			mustPut(t, config.disk(), "k", halfDay("old", time.Now().Add(-7*time.Hour)))
			all := startCallers(t, 2, config)
			all[0].send("do")
			all[0].want("fetching")
			all[0].send(c.command)
			all[0].want("got old")
			all[1].send("do")
			if c.command == "cancel" {
				all[1].want("fetching")
				return
			}
			all[1].want("got old")
			if n := countCalls(t, config.Calls); n != 1 {
				t.Errorf("%d fetches, want 1", n)
			}
		})
	}
}

func TestRefreshingProcessKilled(t *testing.T) {
	t.Parallel()
	c := newChildConfig(t)
	mustPut(t, c.disk(), "k", halfDay("old", time.Now().Add(-7*time.Hour)))
	all := startCallers(t, 2, c)
	all[0].send("do")
	all[0].want("fetching")
	all[0].kill()
	all[1].send("do")
	all[1].want("fetching")
	all[1].send("return new")
	all[1].want("got new")
}

func TestRefreshFetchesFreshEntry(t *testing.T) {
	t.Parallel()
	c := newChildConfig(t)
	mustPut(t, c.disk(), "k", halfDay("old", time.Now()))
	all := startCallers(t, 3, c)
	all[0].send("refresh")
	all[0].want("fetching")
	for _, p := range all[1:] {
		p.send("refresh")
		p.want("waiting")
	}
	all[0].send("return new")
	all[0].want("got new")
	for _, p := range all[1:] {
		p.want("got new")
	}
	if n := countCalls(t, c.Calls); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
	all[0].send("refresh")
	all[0].want("fetching")
	all[0].send("fail no")
	all[0].want("error no")
	all[0].send("do")
	all[0].want("got new")
}

func TestNamedLockReleasedByKernel(t *testing.T) {
	t.Parallel()
	c := newChildConfig(t)
	all := startCallers(t, 3, c)
	all[0].send("lock")
	all[0].want("locked")
	all[1].send("lock")
	all[2].send("lock")
	select {
	case line := <-all[1].lines:
		t.Fatalf("another process printed %q while the lock is held", line)
	case line := <-all[2].lines:
		t.Fatalf("another process printed %q while the lock is held", line)
	default:
	}
	all[0].kill()
	var second, third *process
	select {
	case line := <-all[1].lines:
		second, third = all[1], all[2]
		if line != "locked" {
			t.Fatal(line)
		}
	case line := <-all[2].lines:
		second, third = all[2], all[1]
		if line != "locked" {
			t.Fatal(line)
		}
	}
	if len(third.lines) > 0 {
		t.Fatalf("both processes hold the lock: %q", third.receive())
	}
	second.send("unlock")
	second.want("got ")
	third.want("locked")
}
