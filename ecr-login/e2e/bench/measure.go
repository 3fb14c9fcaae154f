package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

func (b *bench) measureWarm(r *results) error {
	r.Bundle = b.bundle()
	contenders := []contender{{program: b.empty, scene: staticKeys}}
	scenes, err := b.helpers(ecrtest.FromEnvironment, len(b.peers))
	if err != nil {
		return err
	}
	for _, s := range scenes {
		// The bundle is part of the cache key, so it has an entry of its own.
		contenders = append(contenders, s.contender(staticKeys), s.contender(withBundle, "AWS_CA_BUNDLE="+r.Bundle))
	}
	for _, c := range contenders {
		if _, err := b.once(c); err != nil {
			return fmt.Errorf("filling the cache: %w", err)
		}
	}
	if r.Warm, err = b.interleave("warm get", b.runs, contenders); err != nil {
		return err
	}
	r.Costs, err = b.costs(contenders)
	return err
}

func (b *bench) measureSources(r *results) error {
	var contenders []contender
	for _, from := range sources {
		scenes, err := b.helpers(from.source, 1)
		if err != nil {
			return err
		}
		for _, s := range scenes {
			if err := b.warm(s); err != nil {
				return err
			}
			contenders = append(contenders, s.contender(from.name))
		}
	}
	var err error
	r.Sources, err = b.interleave("warm get by source of credentials", b.runs, contenders)
	return err
}

// entryScene returns the name of a scene with n cache entries.
func entryScene(n int) string { return fmt.Sprintf("%d entries", n) }

func (b *bench) measureEntries(r *results) error {
	var contenders []contender
	for _, n := range entryCounts {
		scenes, err := b.helpers(ecrtest.FromEnvironment, 1)
		if err != nil {
			return err
		}
		for _, s := range scenes {
			if err := b.warm(s); err != nil {
				return err
			}
			err := s.fill(n)
			if errors.Is(err, errOtherForm) {
				r.EntriesNoted = err.Error()
				continue
			}
			if err != nil {
				return fmt.Errorf("filling the cache with %d entries: %w", n, err)
			}
			c := s.contender(entryScene(n))
			if s.program.id == peerID && n > 1_000 {
				c.every = 10 // a third of a second each
			}
			contenders = append(contenders, c)
		}
	}
	var err error
	r.Entries, err = b.interleave("warm get by entries in the cache", b.runs, contenders)
	return err
}

func (b *bench) measureParallel(r *results) error {
	scenes, err := b.helpers(ecrtest.FromEnvironment, len(b.peers))
	if err != nil {
		return err
	}
	var warm, cold []contender
	for _, s := range scenes {
		if err := b.warm(s); err != nil {
			return err
		}
		warm, cold = append(warm, s.contender(staticKeys)), append(cold, s.cold(staticKeys))
	}
	b.server.SetFault(opToken, ecrtest.Fault{Latency: latency})
	defer b.server.SetFault(opToken)
	for _, n := range volleyCounts {
		v, err := b.parallel("parallel warm gets", n, b.rounds(2*n, 10), warm)
		if err != nil {
			return err
		}
		r.ParallelWarm = append(r.ParallelWarm, v...)
	}
	for _, n := range volleyCounts {
		v, err := b.parallel("parallel cold gets", n, b.rounds(40, 5), cold)
		if err != nil {
			return err
		}
		r.ParallelCold = append(r.ParallelCold, v...)
	}
	return nil
}

func (b *bench) measureCold(r *results) error {
	scenes, err := b.helpers(ecrtest.FromEnvironment, len(b.peers))
	if err != nil {
		return err
	}
	var contenders []contender
	for _, s := range scenes {
		contenders = append(contenders, s.cold(overHTTP), s.cold(overHTTPS, s.overTLS(b.server)...))
	}
	b.server.SetFault(opToken, ecrtest.Fault{Latency: latency})
	defer b.server.SetFault(opToken)
	if r.Cold, err = b.interleave("cold get", b.rounds(4, 20), contenders); err != nil {
		return err
	}
	for _, m := range r.Cold {
		if m.Calls != m.Runs {
			return fmt.Errorf("%d cold gets of %s made %d calls", m.Runs, m.Program, m.Calls)
		}
	}
	return nil
}

func (b *bench) measureCLI(r *results) error {
	if b.cli == nil {
		return nil
	}
	ours, err := b.newScene(b.ours, ecrtest.FromEnvironment)
	if err != nil {
		return err
	}
	cli, err := b.newScene(b.cli, ecrtest.FromEnvironment)
	if err != nil {
		return err
	}
	if _, err := b.once(cli.contender("")); err != nil {
		r.CLIMissing = "the AWS command line got no token from the fake AWS"
		b.progress("%s: %v", r.CLIMissing, err)
		return nil
	}
	r.CLI, err = b.interleave("against the AWS command line", b.rounds(20, 5), []contender{ours.cold(overHTTP), cli.contender(overHTTP)})
	return err
}

func (b *bench) measureSize(r *results) (err error) {
	b.progress("size of the binary")
	r.Size, err = binarySize(b.ctx, b.dir)
	return err
}

// measureParse times batches, because one call is shorter than the resolution of a clock.
func (b *bench) measureParse(r *results) error {
	b.progress("registry.Parse")
	const batch = 2_000 // shorter than a time slice of the scheduler, so that most batches are undisturbed
	parse := func() {
		if _, err := registry.Parse(host); err != nil {
			panic(err) // host is valid
		}
	}
	var nanos []float64
	for range 500 {
		began := time.Now()
		for range batch {
			parse()
		}
		nanos = append(nanos, float64(time.Since(began).Nanoseconds())/batch)
	}
	r.ParseNanos = figure{Value: spreadOf(nanos).Median}
	r.ParseAllocs = figure{Value: testing.AllocsPerRun(1000, parse)}
	return nil
}
