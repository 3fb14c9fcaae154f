//go:build stress

package main

import (
	"testing"
	"time"
)

// Each mistake gives its error within five seconds: no server here is slow, and the longest time
// budget of a mistake is four seconds. A call that is repeated takes longer. On a busy machine there
// are three attempts.
func TestStressMistakesFailFast(t *testing.T) {
	const limit, tries = 5 * time.Second, 3
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
