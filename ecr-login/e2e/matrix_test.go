//go:build e2e && linux

package e2e

import "testing"

// TestClients runs every scenario with every installed client.
func TestClients(t *testing.T) {
	need(t)
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			for _, program := range c.programs {
				needProgram(t, program, c.install)
			}
			record(c, versionColumn, c.version(c.newPlayer(t, nil)))
			for _, s := range scenarios {
				if c.without[s.name] != "" {
					record(c, s.name, notPlayed)
					continue
				}
				t.Run(s.name, func(t *testing.T) {
					t.Cleanup(func() { record(c, s.name, outcome(t)) })
					s.play(t, c)
				})
			}
		})
	}
}

// notPlayed is the result of a scenario that the client cannot play.
const notPlayed = "–"

func outcome(t *testing.T) string {
	switch {
	case t.Failed():
		return "FAILED"
	case t.Skipped():
		return "skipped"
	}
	return "ok"
}
