package cache

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

func TestCallersShareFetch(t *testing.T) {
	t.Parallel()
	const callers = 50
	s := &mapStore{missed: make(chan string, 10*callers)}
	c := &Cache{Store: s}
	release := make(chan struct{})
	f := &fetcher{fn: func(context.Context) (Entry, error) {
		<-release
		return halfDay("v", time.Now()), nil
	}}
	var done sync.WaitGroup
	for range callers {
		done.Go(func() {
			e, err := c.Do(t.Context(), "k", f.fetch)
			if err != nil || string(e.Value) != "v" {
				t.Errorf("got %q, %v", e.Value, err)
				return
			}
			e.Value[0] = 'x' // each caller has a copy
		})
	}
	for misses := 0; misses < callers; { // until every caller has looked up the key
		if <-s.missed == "k" {
			misses++
		}
	}
	close(release)
	done.Wait()
	f.wantCalls(t, 1)
	if e, _, _ := s.Get("k"); string(e.Value) != "v" {
		t.Errorf("a caller changed the stored value: %q", e.Value)
	}
}

type contextKey struct{}

func TestFirstCallerCanceled(t *testing.T) {
	t.Parallel()
	s := &mapStore{missed: make(chan string, 100)}
	c := &Cache{Store: s}
	inside, release := make(chan context.Context, 1), make(chan struct{})
	f := &fetcher{fn: func(ctx context.Context) (Entry, error) {
		inside <- ctx
		select {
		case <-release:
			return halfDay("v", time.Now()), nil
		case <-ctx.Done():
			return Entry{}, ctx.Err()
		}
	}}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), contextKey{}, "value"))
	first := make(chan error)
	go func() {
		_, err := c.Do(ctx, "k", f.fetch)
		first <- err
	}()
	if got := (<-inside).Value(contextKey{}); got != "value" {
		t.Errorf("the fetch has not the values of the caller's context: %v", got)
	}
	second := make(chan error)
	go func() {
		_, err := c.Do(t.Context(), "k", f.fetch)
		second <- err
	}()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the first caller: %v", err)
	}
	close(release)
	if err := <-second; err != nil {
		t.Errorf("the second caller: %v", err)
	}
	f.wantCalls(t, 1)
}

// A caller that joins a fetch does not fail because of the first caller's deadline.
func TestDeadlineNotShared(t *testing.T) {
	t.Parallel()
	errStage := errors.New("the stage that took too long")
	// On a slow machine the deadline may pass before the fetch starts: try again with more time.
	for timeout := 100 * time.Millisecond; ; timeout *= 2 {
		c := &Cache{Store: &mapStore{}}
		inside := make(chan struct{}, 1)
		f := &fetcher{}
		f.fn = func(ctx context.Context) (Entry, error) {
			if f.calls.Load() == 1 {
				inside <- struct{}{}
				<-ctx.Done()
				return Entry{}, errStage
			}
			return halfDay("v", time.Now()), nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		first := make(chan error, 1)
		go func() {
			_, err := c.Do(ctx, "k", f.fetch)
			first <- err
		}()
		select {
		case <-inside:
		case <-ctx.Done():
		}
		e, err := c.Do(t.Context(), "k", f.fetch)
		errFirst := <-first
		if errors.Is(errFirst, context.DeadlineExceeded) && timeout < testTimeout {
			continue
		}
		if err != nil || string(e.Value) != "v" {
			t.Errorf("the second caller: %q, %v", e.Value, err)
		}
		if !errors.Is(errFirst, errStage) {
			t.Errorf("the first caller: %v, want the error of the fetch", errFirst)
		}
		f.wantCalls(t, 2)
		return
	}
}

func TestCanceledCallerDoesNotFetch(t *testing.T) {
	t.Parallel()
	c := &Cache{Store: &mapStore{}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Do(ctx, "k", returning("first").fetch); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	wantDo(t, c, "k", returning("second"), "second")
}

func TestFetchIgnoresDeadline(t *testing.T) {
	t.Parallel()
	c := &Cache{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	stuck := make(chan struct{})
	defer close(stuck)
	_, err := c.Do(ctx, "k", func(context.Context) (Entry, error) {
		<-stuck
		return Entry{}, errors.New("late")
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestFetchHasDeadline(t *testing.T) {
	t.Parallel()
	c := &Cache{Disk: newDisk(t)}
	_, err := c.Do(t.Context(), "k", func(ctx context.Context) (Entry, error) {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > fetchTimeout {
			t.Errorf("deadline %v, %v", deadline, ok)
		}
		return halfDay("v", time.Now()), nil
	})
	if err != nil {
		t.Error(err)
	}
}
