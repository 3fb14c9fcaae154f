package cache

import (
	"path/filepath"
	"testing"
	"time"
)

func burstConfig(t testing.TB) childConfig {
	dir := t.TempDir()
	return childConfig{Dir: filepath.Join(dir, "cache"), Calls: filepath.Join(dir, "calls")}
}

func TestBurstFetchesOnce(t *testing.T) {
	t.Parallel()
	c := burstConfig(t)
	leader, waiting := burst(t, startAll(t, 50, c))
	leader.say("answer v")
	leader.want("got v")
	for _, p := range waiting {
		p.want("got v")
	}
	if n := countCalls(t, c.Calls); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
	// The next round fetches nothing.
	waiting[0].say("do")
	waiting[0].want("got v")
}

func TestLeaderKilledInMidFetch(t *testing.T) {
	t.Parallel()
	c := burstConfig(t)
	leader, waiting := burst(t, startAll(t, 20, c))
	leader.kill()
	second, rest := nextLeader(t, waiting)
	second.say("answer v")
	second.want("got v")
	for _, p := range rest {
		p.want("got v")
	}
	if n := countCalls(t, c.Calls); n != 2 {
		t.Errorf("%d fetches, want 2", n)
	}
}

func TestRefusalIsSharedWithThoseWhoWait(t *testing.T) {
	t.Parallel()
	c := burstConfig(t)
	leader, waiting := burst(t, startAll(t, 100, c))
	leader.say("refuse access denied")
	leader.want("error access denied")
	for _, p := range waiting {
		p.want("error access denied")
	}
	if n := countCalls(t, c.Calls); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
	// Whoever comes later tries anew, and what it finds holds.
	late := waiting[0]
	late.say("do")
	late.want("fetching")
	late.say("answer v")
	late.want("got v")
	waiting[1].say("do")
	waiting[1].want("got v")
}

func TestHeldRefusalIsServedToThoseWhoComeLater(t *testing.T) {
	t.Parallel()
	c := burstConfig(t)
	all := startAll(t, 3, c)
	all[0].say("do")
	all[0].want("fetching")
	all[0].say("refuse hold: no credentials")
	all[0].want("error hold: no credentials")
	for _, p := range all[1:] {
		p.say("do")
		p.want("error hold: no credentials")
	}
	if n := countCalls(t, c.Calls); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

func TestLeadersCancellationIsItsOwn(t *testing.T) {
	t.Parallel()
	c := burstConfig(t)
	leader, waiting := burst(t, startAll(t, 10, c))
	leader.say("cancel")
	leader.want("error context canceled")
	leader.kill() // its fetch goes on without it, as long as the process lives
	second, rest := nextLeader(t, waiting)
	second.say("answer v")
	second.want("got v")
	for _, p := range rest {
		p.want("got v")
	}
}

func TestAgingIsRefreshedByOneWhileTheOthersGoOn(t *testing.T) {
	t.Parallel()
	c := burstConfig(t)
	d := c.disk()
	mustPut(t, d, "k", halfDay("old", time.Now().Add(-7*time.Hour)))
	all := startAll(t, 30, c)
	all[0].say("do")
	all[0].want("fetching")
	for _, p := range all[1:] {
		p.say("do")
		p.want("got old") // while the refresh is under way
	}
	all[0].say("answer new")
	all[0].want("got new")
	all[1].say("do")
	all[1].want("got new")
	if n := countCalls(t, c.Calls); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

func TestFailedRefreshHoldsOthersOff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, word string }{
		{"refused", "refuse access denied"},
		{"cancelled: the next may try", "cancel"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			config := burstConfig(t)
			mustPut(t, config.disk(), "k", halfDay("old", time.Now().Add(-7*time.Hour)))
			all := startAll(t, 2, config)
			all[0].say("do")
			all[0].want("fetching")
			all[0].say(c.word)
			all[0].want("got old")
			all[1].say("do")
			if c.word == "cancel" {
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

func TestRefresherKilled(t *testing.T) {
	t.Parallel()
	c := burstConfig(t)
	mustPut(t, c.disk(), "k", halfDay("old", time.Now().Add(-7*time.Hour)))
	all := startAll(t, 2, c)
	all[0].say("do")
	all[0].want("fetching")
	all[0].kill()
	all[1].say("do")
	all[1].want("fetching")
	all[1].say("answer new")
	all[1].want("got new")
}

func TestRenewFetchesWhatIsFresh(t *testing.T) {
	t.Parallel()
	c := burstConfig(t)
	mustPut(t, c.disk(), "k", halfDay("old", time.Now()))
	all := startAll(t, 3, c)
	all[0].say("renew")
	all[0].want("fetching")
	for _, p := range all[1:] {
		p.say("renew")
		p.want("waiting")
	}
	all[0].say("answer new")
	all[0].want("got new")
	for _, p := range all[1:] {
		p.want("got new")
	}
	if n := countCalls(t, c.Calls); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
	all[0].say("renew")
	all[0].want("fetching")
	all[0].say("refuse no")
	all[0].want("error no")
	all[0].say("do")
	all[0].want("got new")
}

func TestNamedLockExcludesAndIsFreedByTheKernel(t *testing.T) {
	t.Parallel()
	c := burstConfig(t)
	all := startAll(t, 3, c)
	all[0].say("lock")
	all[0].want("locked")
	all[1].say("lock")
	all[2].say("lock")
	select {
	case line := <-all[1].lines:
		t.Fatalf("the lock is held, and another process says %q", line)
	case line := <-all[2].lines:
		t.Fatalf("the lock is held, and another process says %q", line)
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
		t.Fatalf("both hold the lock: %q", third.hear())
	}
	second.say("unlock")
	second.want("got ")
	third.want("locked")
}
