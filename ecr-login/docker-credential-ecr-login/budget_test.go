package main

import (
	"errors"
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	defer close(never)
	b := budget{limit: time.Millisecond}
	var a advised
	err := b.run("explain", func() error { <-never; return nil })
	if err == nil || err.Error() != "explain did not finish within 1ms" || !errors.As(err, &a) || a.hint == "" {
		t.Errorf("blocked work: %v", err)
	}
	// Work that pauses the budget may take longer.
	paused := budget{limit: time.Minute}
	if err := paused.run("refresh", func() error {
		paused.pause()
		if !paused.timer.Stop() {
			return nil
		}
		return errors.New("the clock still runs")
	}); err != nil {
		t.Error(err)
	}
	want := errors.New("failed")
	if err := (&budget{}).run("x", func() error { return want }); err != want {
		t.Errorf("%v, want the error of the work", err)
	}
}
