//go:build stress

package main

import (
	"testing"
	"time"
)

// Each mistake gives its error within two seconds: no server here is slow, and the time budgets of
// some mistakes are one second. Retries of the SDK take longer. On a busy machine there are three
// attempts.
func TestStressMistakesFailFast(t *testing.T) {
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
				if a.code != 1 || !m.matches(a.stdout) {
					t.Fatalf("%+v, want %q", a, m.message)
				}
				if took <= limit {
					t.Logf("%s", took.Round(time.Millisecond))
					return
				}
				if try == tries {
					t.Fatalf("the get took %s, want %s", took, limit)
				}
			}
		})
	}
}
