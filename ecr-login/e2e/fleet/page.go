package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// The budgets of one call: of a get, and of a call of the kubelet, which is stopped after a minute.
const (
	getBudget     = 15 * time.Second
	kubeletBudget = 30 * time.Second
)

// The default quota of GetAuthorizationToken for each account and region (Amazon ECR service
// quotas: rate and burst, adjustable).
const (
	quotaRate  = 200
	quotaBurst = 200
)

const introduction = `# Fleets

This page is written by ` + "`make fleet`" + `. It shows what happens when many machines need a token at
the same time, and which quota a fleet needs.

ECR limits the calls of GetAuthorizationToken for each account and region: 200 calls a second
by default, adjustable. A machine that is refused must wait and call again. If it gives up, its pull
fails, and Kubernetes waits minutes before the next one.

This program repeats a throttled call until nine tenths of its time are used. The first wait is
between 0.1 and 1 second, because a light throttle is over soon. The second wait is drawn from six
tenths of the time that is left, every later wait from nine tenths of it: machines that were refused
together spread over that time. ` + "`Retry-After`" + ` is
honored. Access denied and other client errors are not repeated. While a token is aging, it is
served at once, and its refresh is not repeated before a minute has passed.

The simulation runs the program's own code for waits and refresh points. The rate limit is a token
bucket; a refused call takes nothing out of it. A call takes 100 ms on average.
`

func writePage(w io.Writer) {
	fmt.Fprint(w, introduction)
	strategies := append([]strategy{ours, sdk}, others...)

	section(w, "Cold start, one attempt", `No machine has a token, all start in the same second, and none tries a second time. The first
rows could all be served within the time of one call. With the SDK's default, most fail.`)
	tableHead(w)
	for _, situation := range []struct {
		name string
		f    fleet
	}{
		{"150 `get`s, 15/s, burst 10", fleet{machines: 150, rate: 15, burst: 10, budget: getBudget, seed: 1}},
		{"300 kubelets, 15/s, burst 10", fleet{machines: 300, rate: 15, burst: 10, budget: kubeletBudget, seed: 1}},
		{"2,000 `get`s", fleet{machines: 2000, rate: quotaRate, burst: quotaBurst, budget: getBudget, seed: 1}},
		{"5,000 kubelets", fleet{machines: 5000, rate: quotaRate, burst: quotaBurst, budget: kubeletBudget, seed: 1}},
	} {
		for _, s := range strategies {
			tableRow(w, situation.name, s.name, simulate(situation.f, s))
		}
	}

	section(w, "Cold start of Kubernetes nodes", `The kubelet tries again 10 seconds after a failed pull, then after 20, 40 and so on, at most 300
seconds. The column "two attempts" is the share that was served by then. 10,000 machines need 50
seconds at 200 calls a second, whatever they do; one attempt takes at most 30.`)
	tableHead(w)
	for _, n := range []int{100, 1000, 10_000, 50_000} {
		for _, s := range []strategy{ours, sdk} {
			f := fleet{machines: n, rate: quotaRate, burst: quotaBurst, budget: kubeletBudget, attempts: 12, seed: 2}
			tableRow(w, thousands(n)+" kubelets", s.name, simulate(f, s))
		}
	}

	section(w, "Spread over time, accounts and tokens", `The same 10,000 kubelets when they boot over a minute, when four accounts or regions share the
load, and when each needs two tokens (two roles, or two regions).`)
	tableHead(w)
	base := fleet{machines: 10_000, rate: quotaRate, burst: quotaBurst, budget: kubeletBudget, attempts: 12, seed: 3}
	overMinute, fourRegions, twoTokens := base, base, base
	overMinute.start = time.Minute
	fourRegions.buckets = 4
	twoTokens.tokens, twoTokens.buckets = 2, 2
	for _, situation := range []struct {
		name string
		f    fleet
	}{{"boot over a minute", overMinute}, {"four accounts or regions", fourRegions}, {"two tokens each, two regions", twoTokens}} {
		for _, s := range []strategy{ours, sdk} {
			tableRow(w, situation.name, s.name, simulate(situation.f, s))
		}
	}

	section(w, "Refused calls over time", `10,000 kubelets, 200 calls a second: refused calls in each second, up to the end of the second
attempt. Lower is better.`)
	for _, s := range strategies {
		o := simulate(fleet{machines: 10_000, rate: quotaRate, burst: quotaBurst, budget: kubeletBudget, attempts: 12, seed: 2}, s)
		chart(w, s.name, "second", "refused calls", o.refused, 70)
	}

	writeRefresh(w)
	writeOutage(w)
	writeQuota(w)
}

func writeRefresh(w io.Writer) {
	section(w, "Refresh of a fleet that started together", `10,000 machines that got their first token together, for three days. A token is refreshed at half of
its lifetime, spread by a tenth of that either way.`)
	fmt.Fprintln(w, "\n| Refresh | calls in the busiest second of the cold start | of the refreshes | ratio | expired tokens |\n|---|---|---|---|---|")
	const days = 72 * time.Hour
	for _, how := range []refresher{oursRefresh, existingRefresh} {
		cold := coldStart(how)
		r := life{machines: 10_000, rate: quotaRate, burst: quotaBurst, cold: cold, lasts: days, seed: 4}.run(how)
		busiest := r.peak(time.Hour, days)
		fmt.Fprintf(w, "| %s | %d | %d | 1/%.0f | %d |\n", how.name, cold.peak(), busiest, float64(cold.peak())/float64(busiest), r.expired)
	}
}

func coldStart(how refresher) outcome {
	s := ours
	if how.attempts > 1 {
		s = sdk
	}
	return simulate(fleet{machines: 10_000, rate: quotaRate, burst: quotaBurst, budget: kubeletBudget, attempts: 40, seed: 2}, s)
}

func writeOutage(w io.Writer) {
	section(w, "An outage of AWS for an hour", `The same fleet. AWS does not answer from 5h45m to 6h45m, when most tokens are due for a refresh.
The aging tokens are served. A failed refresh is tried again after a minute. When AWS answers again,
the waiting machines are spread over that minute.`)
	from, till := 5*time.Hour+45*time.Minute, 6*time.Hour+45*time.Minute
	fmt.Fprintln(w, "\n| Refresh | calls in the busiest second of the outage | in the busiest second of the ten minutes after it | expired tokens |\n|---|---|---|---|")
	for _, how := range []refresher{oursRefresh, existingRefresh} {
		r := life{machines: 10_000, rate: quotaRate, burst: quotaBurst, cold: coldStart(how), lasts: 24 * time.Hour,
			outageFrom: from, outageTill: till, seed: 5}.run(how)
		fmt.Fprintf(w, "| %s | %d | %d | %d |\n", how.name, r.peak(from, till), r.peak(till, till+10*time.Minute), r.expired)
		if how.name == oursRefresh.name {
			defer chart(w, "this program: calls in each minute from 5h15m on", "minute", "calls", r.perMinute(5*time.Hour+15*time.Minute, 7*time.Hour), 105)
		}
	}
}

func writeQuota(w io.Writer) {
	section(w, "Which quota to order", `The smallest rate limit, in steps of 25 calls a second, with which all machines of a fleet that
starts in the same second get their token. Burst is equal to the rate. Quotas are raised in the AWS
console: Service Quotas, Amazon ECR, "Rate of GetAuthorizationToken requests", for each account and
region. With fewer calls a second, start the machines over a longer time.`)
	fmt.Fprintln(w, "\n| Machines | one kubelet attempt (30 s) | two kubelet attempts |\n|---|---|---|")
	for _, n := range []int{1000, 5000, 10_000, 50_000} {
		fmt.Fprintf(w, "| %s | %d/s | %d/s |\n", thousands(n),
			quota(n, 1, func(o outcome) bool { return o.first == o.wanted }),
			quota(n, 2, func(o outcome) bool { return o.second == o.wanted }))
	}
}

// quota returns the smallest rate, in steps of 25, for which the fleet is served well enough.
func quota(machines, attempts int, enough func(outcome) bool) int {
	const step = 25
	low, high := 0, machines/step+1 // a rate of high steps serves the fleet in a second
	for high-low > 1 {
		middle := (low + high) / 2
		rate := float64(middle * step)
		f := fleet{machines: machines, rate: rate, burst: rate, budget: kubeletBudget, attempts: attempts, seed: 6}
		if enough(simulate(f, ours)) {
			high = middle
		} else {
			low = middle
		}
	}
	return high * step
}

func section(w io.Writer, title, text string) { fmt.Fprintf(w, "\n## %s\n\n%s\n", title, text) }

func tableHead(w io.Writer) {
	fmt.Fprintln(w, "\n| Situation | Strategy | served in one attempt | two attempts | 50 % after | 99 % | 100 % | calls per token | busiest second |\n|---|---|---|---|---|---|---|---|---|")
}

func tableRow(w io.Writer, situation, strategy string, o outcome) {
	fmt.Fprintf(w, "| %s | %s | %.1f %% | %.1f %% | %s | %s | %s | %s | %d calls |\n", situation, strategy,
		100*o.share(o.first), 100*o.share(o.second), after(o, 0.5), after(o, 0.99), after(o, 1), number(o.callsPerToken()), o.peak())
}

func after(o outcome, p float64) string {
	d, ok := o.percentile(p)
	if !ok {
		return "never"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func number(f float64) string {
	if math.IsInf(f, 1) {
		return "–"
	}
	return fmt.Sprintf("%.1f", f)
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// chart writes a Mermaid line chart, which GitHub and GitLab draw.
func chart(w io.Writer, title, x, y string, values []int, most int) {
	values = values[:min(len(values), most)]
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	fmt.Fprintf(w, "\n```mermaid\nxychart-beta\n    title %q\n    x-axis %q 0 --> %d\n    y-axis %q\n    line [%s]\n```\n",
		title, x, len(values), y, strings.Join(texts, ", "))
}
