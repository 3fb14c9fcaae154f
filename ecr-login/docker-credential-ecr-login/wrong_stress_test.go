//go:build stress

package main

import (
	"testing"
	"time"
)

// Whatever is wrong is told within two seconds: nothing here has a peer that is slow, and the time budgets that
// some mistakes use up are a second. What the SDK tries again is another matter. A machine that is busy with other
// things gets three tries to show it.
func TestStressMistakesAreToldSoon(t *testing.T) {
	const limit, tries = 2 * time.Second, 3
	for _, m := range mistakes {
		if m.retried {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			for try := 1; ; try++ {
				u, _ := m.user(t)
				begin := time.Now()
				a := m.get(u)
				took := time.Since(begin)
				if a.code != 1 || !m.saysAll(a.stdout) {
					t.Fatalf("%+v, want %q", a, m.message)
				}
				if took <= limit {
					t.Logf("%s", took.Round(time.Millisecond))
					return
				}
				if try == tries {
					t.Fatalf("the answer took %s, want %s", took, limit)
				}
			}
		})
	}
}
