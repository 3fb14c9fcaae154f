package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/aws/smithy-go"
	"github.com/docker/docker-credential-helpers/credentials"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// Facts are what a library does in situations that a program meets in production.
type facts struct {
	Library string
	ECR     bool // returns credentials of ECR registries; without it the rest is zero

	TokenCalls, RoleCalls int           // of 200 goroutines that start together
	InTurn                int           // token calls of three lookups, one after the other
	Denied                outcome       // AWS denies access
	Silent                time.Duration // AWS does not respond, the caller's context ends after 300 ms; 0: at the limit
	Neighbor              bool          // a cached token is returned while the fetch for another registry hangs
}

// An outcome is a code for what a caller learns about a failure.
type outcome string

const (
	typedError outcome = "error with a kind, a text and advice"
	awsError   outcome = "AWS's error"
	notFound   outcome = "`credentials not found`, which clients treat as anonymous"
	anonymous  outcome = "anonymous"
	otherError outcome = "an error without AWS's code"
)

const (
	goroutines     = 200
	callersTimeout = 300 * time.Millisecond
	limit          = 5 * time.Second // of an observation, after which AWS responds
)

// observeAll observes each library.
func observeAll(log io.Writer) (all []facts, err error) {
	for _, l := range libraries() {
		fmt.Fprintf(log, "library: %s\n", l.name)
		f, err := observe(l)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.name, err)
		}
		all = append(all, f)
	}
	return all, nil
}

func observe(l library) (facts, error) {
	f := facts{Library: l.name}
	for _, part := range []struct {
		source  ecrtest.Source
		observe func(library, *world, *facts) error
	}{
		{ecrtest.FromRole, observeCold}, {ecrtest.FromRole, observeInTurn}, {ecrtest.FromRole, observeDenied},
		{ecrtest.FromRole, observeSilent}, {ecrtest.FromFile, observeNeighbor},
	} {
		w, err := newWorld(part.source)
		if err != nil {
			return f, err
		}
		err = part.observe(l, w, &f)
		w.close()
		if err != nil || !f.ECR {
			return f, err
		}
	}
	return f, nil
}

// observeCold counts the calls of many goroutines that start with an empty cache.
func observeCold(l library, w *world, f *facts) error {
	find, err := l.new(w)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	start := make(chan struct{})
	errs := make(chan error, goroutines)
	for range goroutines {
		all.Go(func() {
			<-start
			_, password, err := find(context.Background(), host)
			if _, known := w.server.PrincipalOf(password); err == nil && !known && password != "" {
				err = errors.New("the password is not one of the fake AWS")
			}
			errs <- err
		})
	}
	close(start)
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	f.TokenCalls, f.RoleCalls = w.server.Calls(getToken), w.server.Calls(assumeRole)
	f.ECR = f.TokenCalls > 0
	return nil
}

// observeInTurn counts the calls of lookups of one registry, one after the other.
func observeInTurn(l library, w *world, f *facts) error {
	find, err := l.new(w)
	if err != nil {
		return err
	}
	for range 3 {
		if _, _, err := find(context.Background(), host); err != nil {
			return err
		}
	}
	f.InTurn = w.server.Calls(getToken)
	return nil
}

func observeDenied(l library, w *world, f *facts) error {
	find, err := l.new(w)
	if err != nil {
		return err
	}
	w.server.SetFault(getToken, ecrtest.AccessDenied())
	user, _, err := find(context.Background(), host)
	var typed *ecrlogin.Error
	var api smithy.APIError
	switch {
	case err == nil && user != "":
		return errors.New("a lookup succeeded although AWS denies access")
	case err == nil:
		f.Denied = anonymous
	case errors.As(err, &typed):
		f.Denied = typedError
	case credentials.IsErrCredentialsNotFound(err):
		f.Denied = notFound
	case errors.As(err, &api):
		f.Denied = awsError
	default:
		f.Denied = otherError
	}
	return nil
}

// observeSilent measures how long a caller waits whose context ends before AWS responds.
func observeSilent(l library, w *world, f *facts) error {
	find, err := l.new(w)
	if err != nil {
		return err
	}
	silent := make(chan struct{})
	w.server.SetFault(getToken, ecrtest.Fault{Until: silent})
	ctx, cancel := context.WithTimeout(context.Background(), callersTimeout)
	defer cancel()
	start := time.Now()
	returned := make(chan time.Duration, 1)
	go func() {
		_, _, _ = find(ctx, host)
		returned <- time.Since(start)
	}()
	select {
	case f.Silent = <-returned:
		close(silent)
	case <-time.After(limit):
		close(silent)
		<-returned
	}
	return nil
}

// observeNeighbor looks up a registry with a cached token while the fetch for another registry
// waits for AWS.
func observeNeighbor(l library, w *world, f *facts) error {
	find, err := l.new(w)
	if err != nil {
		return err
	}
	if _, _, err := find(context.Background(), host); err != nil {
		return err
	}
	silent := make(chan struct{})
	w.server.SetFault(getToken, ecrtest.Fault{Until: silent})
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	calls := w.server.Calls(getToken)
	other, cached := make(chan struct{}), make(chan error, 1)
	go func() {
		_, _, _ = find(ctx, otherHost)
		close(other)
	}()
	if err := w.server.Wait(ctx, getToken, calls+1); err != nil {
		return err
	}
	go func() {
		_, _, err := find(ctx, host)
		cached <- err
	}()
	select {
	case err = <-cached:
		f.Neighbor = err == nil
		close(silent)
	case <-time.After(limit / 2):
		close(silent)
		<-cached
		err = nil
	}
	<-other
	return err
}
