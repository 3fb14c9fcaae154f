package main

import (
	"fmt"
	"time"
)

// volley is the cost of N processes started at once. Times are in milliseconds.
type volley struct {
	Program string
	N       int
	Rounds  int
	Wall    spread // from the first start to the last exit
	CPU     spread // of all of them
	Calls   spread // GetAuthorizationToken calls of all of them
}

// volleys are the volleys of all programs and numbers of processes.
type volleys []volley

// of returns a volley, or nil when it was not measured.
func (v volleys) of(program string, n int) *volley {
	for i := range v {
		if v[i].Program == program && v[i].N == n {
			return &v[i]
		}
	}
	return nil
}

// parallel starts n processes of each contender at once, one contender after the other, in each
// round.
func (b *bench) parallel(title string, n, rounds int, contenders []contender) (volleys, error) {
	b.progress("%s: %d rounds of %d processes of each of %d", title, rounds, n, len(contenders))
	type record struct{ wall, cpu, calls []float64 }
	records := make([]record, len(contenders))
	shuffle := newShuffle()
	for round := -1; round < rounds; round++ {
		for _, k := range shuffle.Perm(len(contenders)) {
			if err := b.ctx.Err(); err != nil {
				return nil, err
			}
			calls := b.server.Calls(opToken)
			wall, cpu, err := b.volley(contenders[k], n)
			if err != nil {
				return nil, fmt.Errorf("%s, %d processes: %w%s", title, n, err, b.complaint())
			}
			if round < 0 {
				continue // loads the programs into memory
			}
			r := &records[k]
			r.wall = append(r.wall, milliseconds(wall))
			r.cpu = append(r.cpu, milliseconds(cpu))
			r.calls = append(r.calls, float64(b.server.Calls(opToken)-calls))
		}
	}
	var all volleys
	for i, r := range records {
		all = append(all, volley{contenders[i].program.id, n, len(r.wall), spreadOf(r.wall), spreadOf(r.cpu), spreadOf(r.calls)})
	}
	return all, nil
}

// volley starts n processes and waits for all, also when one fails.
func (b *bench) volley(c contender, n int) (wall, cpu time.Duration, err error) {
	if c.prepare != nil {
		if err := c.prepare(); err != nil {
			return 0, 0, err
		}
	}
	var all []*running
	for range n {
		r, e := b.start(c)
		if e != nil {
			err = e
			break
		}
		all = append(all, r)
	}
	var last time.Time
	for _, r := range all {
		s, ended, e := r.wait()
		if ended.After(last) {
			last = ended
		}
		cpu += s.cpu
		if e != nil && err == nil {
			err = e
		}
	}
	for _, r := range all {
		if e := b.check(r); e != nil && err == nil {
			err = e
		}
	}
	if err != nil {
		return 0, 0, err
	}
	return last.Sub(all[0].began), cpu, nil
}
