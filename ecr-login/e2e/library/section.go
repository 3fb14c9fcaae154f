package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// results are all that the section shows.
type results struct {
	Date     time.Time
	Go, Load string
	Keys     []speed // with an access key
	Role     []speed // with an assumed role; the same libraries
	Facts    []facts
}

// The targets of a warm lookup with this library.
const (
	maxConfigNanos       = 3_000
	maxConfigAllocations = 10
	maxFilesNanos        = 40_000
)

const (
	heading = "## The Go library\n"
	next    = "## Size of the binary\n" // the section that follows
)

// replaceSection returns the page with the section in place of an older one, or before the section
// that follows.
func replaceSection(page, section string) (string, error) {
	before, after, found := strings.Cut(page, next)
	if !found {
		return "", errors.New("the page has no section " + strings.TrimSpace(next))
	}
	before, _, _ = strings.Cut(before, heading)
	return before + section + "\n" + next + after, nil
}

// section returns the text of the section.
func section(r results) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("%s", heading)
	measured := fmt.Sprintf("Measured on %s with Go %s", r.Date.UTC().Format("2 January 2006"), strings.TrimPrefix(r.Go, "go"))
	if r.Load != "" {
		measured += ", load " + r.Load + " at the start"
	}
	p("%s.\n", measured)
	p("| Measure | Measured | Target |  |\n|---|---|---|---|")
	for _, s := range r.Keys {
		switch s.Library {
		case withConfig:
			p("| warm `Get` with `Options.Config`, time | %s | ≤ %s | %s |", duration(s.Nanos), duration(maxConfigNanos), verdict(s.Nanos, maxConfigNanos))
			p("| the same, allocations | %.0f | ≤ %d | %s |", s.Allocations, maxConfigAllocations, verdict(s.Allocations, maxConfigAllocations))
		case withFiles:
			p("| warm `Get` with AWS files and disk cache, time | %s | ≤ %s | %s |", duration(s.Nanos), duration(maxFilesNanos), verdict(s.Nanos, maxFilesNanos))
		}
	}
	p("\nA lookup of an ECR registry that was looked up before: the median of %d batches, in which all libraries take turns, after", rounds)
	p("%d that do not count, with the AWS credentials of an access key and of an assumed role.\n", warmUps)
	p("| Library | Access key | Allocations | Role | Allocations |\n|---|---|---|---|---|")
	for i, s := range r.Keys {
		name := s.Library
		if strings.HasPrefix(name, googleName) {
			name += " (no credentials for ECR)"
		}
		p("| %s | %s | %.0f | %s | %.0f |", name, duration(s.Nanos), s.Allocations, duration(r.Role[i].Nanos), r.Role[i].Allocations)
	}
	p("\nWhat each library does with the AWS credentials of an assumed role:\n")
	p("- Cold: %d goroutines start together with an empty cache.", goroutines)
	p("- In turn: one registry is looked up three times.")
	p("- Denied: AWS denies GetAuthorizationToken.")
	p("- Silent: AWS does not respond, and the caller's context ends after %d ms.", callersTimeout.Milliseconds())
	p("- Neighbor (with an access key): a registry whose token is in the cache is looked up while the request for another one")
	p("  waits for AWS.\n")
	p("| Library | Cold: GetAuthorizationToken | Cold: AssumeRole | In turn: GetAuthorizationToken | Denied | Silent | Neighbor |\n|---|---|---|---|---|---|---|")
	for _, f := range r.Facts {
		if !f.ECR {
			p("| %s | no credentials for ECR | – | – | – | – | – |", f.Library)
			continue
		}
		silent := fmt.Sprintf("waits longer than %d s", int(limit.Seconds()))
		if f.Silent > 0 {
			silent = fmt.Sprintf("returns after %d ms", f.Silent.Milliseconds())
		}
		neighbor := "waits too"
		if f.Neighbor {
			neighbor = "returns at once"
		}
		p("| %s | %d | %d | %d | %s | %s | %s |", f.Library, f.TokenCalls, f.RoleCalls, f.InTurn, f.Denied, silent, neighbor)
	}
	return b.String()
}

func verdict(value, limit float64) string {
	if value <= limit {
		return "holds"
	}
	return "**missed**"
}

// duration formats nanoseconds with three digits at most.
func duration(nanos float64) string {
	switch {
	case nanos < 1_000:
		return fmt.Sprintf("%.0f ns", nanos)
	case nanos < 9_950:
		return fmt.Sprintf("%.1f µs", nanos/1_000)
	case nanos < 999_500:
		return fmt.Sprintf("%.0f µs", nanos/1_000)
	}
	return fmt.Sprintf("%.1f ms", nanos/1_000_000)
}
