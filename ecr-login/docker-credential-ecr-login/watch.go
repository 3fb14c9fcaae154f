package main

import (
	"context"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
)

const (
	// lookEvery is how often a watch looks for registries that are new, and for tokens that another process renewed.
	// A new registry's first token is fetched by whoever needs it, so nothing waits for this.
	lookEvery = 5 * time.Minute

	// floorPause is the shortest rest of all, whatever a round says: a mistake in it may cost a call a second and no more.
	floorPause = time.Second

	// leastPause keeps a token that is due again at once, because the session behind it is about to end, from being
	// renewed without a rest. One that lives shorter is renewed at half of what is left.
	leastPause = time.Minute

	// firstRetry is the wait after a first failure, which doubles with each that follows.
	firstRetry = 2 * time.Second

	// mostRetry bounds it while the old token is good: an outage that lets AWS answer for a minute in hours is then
	// still one that no token dies of.
	mostRetry = time.Minute

	// idleRetry bounds it when there is nothing left to lose: the next get asks AWS anyhow.
	idleRetry = 15 * time.Minute
)

// A renewer renews each token at its refresh point, until its context ends or nobody takes what it says. Time is given to it, so that days of it can be
// tested.
type renewer struct {
	now    func() time.Time
	wait   func(ctx context.Context, d time.Duration)
	random func() float64 // from 0 to 1
	look   func() ([]*batch, []outcome)
	say    func(outcome)
	unread func() bool // nobody takes what is said any more

	tries map[ecrlogin.TokenID]try
	said  map[string]string // the last words on what has no token to renew
}

// A try is what came of the last attempt for a token.
type try struct {
	failures int
	next     time.Time // not before
	said     string    // the last words on it, so that an outage is told once
}

func (w *renewer) run(ctx context.Context) {
	w.tries, w.said = map[ecrlogin.TokenID]try{}, map[string]string{}
	for ctx.Err() == nil {
		pause := w.round(ctx)
		if w.unread() {
			return
		}
		if ctx.Err() == nil {
			w.wait(ctx, max(pause, floorPause))
		}
	}
}

// round renews what is due, and says for how long nothing will be.
func (w *renewer) round(ctx context.Context) time.Duration {
	batches, told := w.look()
	for _, o := range told {
		w.sayOnce(o)
	}
	known := make(map[ecrlogin.TokenID]try, len(batches))
	var due []*batch
	now := w.now()
	for _, b := range batches {
		t := w.tries[b.token]
		if t.failures > 0 && b.kept.State == cache.Fresh {
			t = try{said: t.said} // another process was luckier
		}
		if !dueAt(b, t).After(now) {
			due = append(due, b)
		} else if t.failures == 0 && b.kept.State == cache.Fresh && t.said == "" {
			w.sayOf(&t, b.told(fresh))
		}
		known[b.token] = t
	}
	w.tries = known // those that are gone need no memory
	renewAll(ctx, due, func(int, int, *batch) {}, func(b *batch, o outcome) {
		if ctx.Err() == nil {
			w.settle(b, o)
		}
	})
	pause := lookEvery
	now = w.now()
	for _, b := range batches {
		pause = min(pause, dueAt(b, w.tries[b.token]).Sub(now))
	}
	return max(pause, 0)
}

// dueAt is when the batch's token is to be renewed.
func dueAt(b *batch, t try) time.Time {
	if (b.kept.State == cache.Fresh || b.kept.State == cache.Aging) && b.kept.Refresh.After(t.next) {
		return b.kept.Refresh
	}
	return t.next
}

// settle notes what became of a token and when to look at it again.
func (w *renewer) settle(b *batch, o outcome) {
	now := w.now()
	t := w.tries[b.token]
	alive := o.kept.Expires.Sub(now)
	switch o.Outcome {
	case renewed:
		t = try{said: t.said, next: now.Add(min(leastPause, alive/2))}
	case anonymous:
		t = try{said: t.said, next: now.Add(idleRetry)}
	default:
		t.failures++
		pause := retry(t.failures, alive, w.random())
		t.next = now.Add(pause)
		o.Again = pause.Round(time.Second).String()
	}
	w.sayOf(&t, o)
	w.tries[b.token] = t
}

// retry is how long to wait after so many failures in a row, with a token that lives for that long yet: between half and
// the whole of a time that doubles, so that machines which failed together do not come back together.
func retry(failures int, alive time.Duration, random float64) time.Duration {
	most := idleRetry
	if alive > 0 {
		most = mostRetry
	}
	d := firstRetry
	for i := 1; i < failures && d < most; i++ {
		d *= 2
	}
	return time.Duration(float64(min(d, most)) * (1 + random) / 2)
}

// sayOf tells what became of a token, but for what is as it was: hours of an outage are one line.
func (w *renewer) sayOf(t *try, o outcome) {
	words := o.words()
	if o.Outcome == renewed || t.said != words {
		w.say(o)
	}
	t.said = words
}

// sayOnce tells of what has no token to renew, but for what is as it was.
func (w *renewer) sayOnce(o outcome) {
	key, words := strings.Join(o.Registries, " "), o.words()
	if key == "" {
		key = words
	}
	if w.said[key] != words {
		w.said[key] = words
		w.say(o)
	}
}

func (o outcome) words() string { return o.Outcome + " " + o.Error }
