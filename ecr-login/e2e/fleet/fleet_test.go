package main

import (
	"bytes"
	"os"
	"testing"
	"time"
)

const page = "../../../docs/fleet.md"

// TestPageIsCurrent compares docs/fleet.md with the output of the command.
func TestPageIsCurrent(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	writePage(&want)
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the command writes; run: make fleet", page)
	}
}

// TestColdStartIsServed checks the crowds that can be served within the time of one attempt.
func TestColdStartIsServed(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fleet{
		"get":     {machines: 150, rate: 15, burst: 10, budget: getBudget},
		"kubelet": {machines: 300, rate: 15, burst: 10, budget: kubeletBudget},
	} {
		for seed := range uint64(50) {
			f.seed = seed
			o := simulate(f, ours)
			if share := o.share(o.first); share < 0.99 {
				t.Errorf("%s, seed %d: %.1f %% served", name, seed, 100*share)
			}
			if calls := o.callsPerToken(); name == "get" && calls > 3 {
				t.Errorf("%s, seed %d: %.2f calls for each token", name, seed, calls)
			}
		}
	}
}

func TestTenThousandMachines(t *testing.T) {
	t.Parallel()
	o := simulate(fleet{machines: 10_000, rate: quotaRate, burst: quotaBurst, budget: kubeletBudget, attempts: 2, seed: 7}, ours)
	if o.second != o.wanted {
		t.Errorf("%d of %d served in two attempts", o.second, o.wanted)
	}
	for second, refused := range o.refused[1:] {
		if refused >= o.refused[0] {
			t.Errorf("second %d: %d refused calls, as many as in the first second", second+1, refused)
		}
	}
}

func TestRefreshIsSpread(t *testing.T) {
	t.Parallel()
	cold := coldStart(oursRefresh)
	const days = 72 * time.Hour
	r := life{machines: 10_000, rate: quotaRate, burst: quotaBurst, cold: cold, lasts: days, seed: 8}.run(oursRefresh)
	if busiest := r.peak(time.Hour, days); busiest*50 > cold.peak() {
		t.Errorf("%d calls in the busiest second of the refreshes, %d of the cold start: more than 1/50", busiest, cold.peak())
	}
	if r.expired != 0 {
		t.Errorf("%d tokens expired before they were refreshed", r.expired)
	}
	if least := 10_000 * 10; r.refreshes < least {
		t.Errorf("%d refreshes in three days, want at least %d", r.refreshes, least)
	}
}

func TestOutageExpiresNoToken(t *testing.T) {
	t.Parallel()
	from, till := 5*time.Hour+45*time.Minute, 6*time.Hour+45*time.Minute
	r := life{machines: 10_000, rate: quotaRate, burst: quotaBurst, cold: coldStart(oursRefresh), lasts: 24 * time.Hour,
		outageFrom: from, outageTill: till, seed: 9}.run(oursRefresh)
	if r.expired != 0 {
		t.Errorf("%d tokens expired", r.expired)
	}
	if peak := r.peak(till, till+10*time.Minute); peak > quotaRate {
		t.Errorf("%d calls in one second after the outage, more than the limit of %d", peak, quotaRate)
	}
}
