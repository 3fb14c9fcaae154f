package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// warmUps is the number of rounds that are not counted. They load the programs and their files into
// memory.
const warmUps = 3

// contender is one program in one scene.
type contender struct {
	program   *program
	scene     string   // name of the scene: "static keys", "10000 entries"
	env       []string // complete
	principal string   // ARN of the principal whose token it must print

	prepare func() error // runs before each run and is not timed; may be nil
	every   int          // takes part in every n-th round only; 0 and 1 mean all rounds
}

// summary is the cost of the runs of one contender. Times are in milliseconds.
type summary struct {
	Program, Scene string
	Runs           int
	Wall, CPU      spread
	Faults         spread
	Connections    int // made by all runs together
	Calls          int // GetAuthorizationToken calls of all runs together
}

// measurement holds the summaries of contenders that ran interleaved.
type measurement []summary

// of returns a summary, or nil when it was not measured.
func (m measurement) of(program, scene string) *summary {
	for i := range m {
		if m[i].Program == program && m[i].Scene == scene {
			return &m[i]
		}
	}
	return nil
}

// interleave runs all contenders once in each round, and each round in another order. So other work
// of the machine affects all of them alike, and no contender always runs after the same other one,
// whose files or program would be in the processor's caches.
func (b *bench) interleave(title string, rounds int, contenders []contender) (measurement, error) {
	b.progress("%s: %d rounds of %d", title, rounds, len(contenders))
	type record struct {
		wall, cpu, faults  []float64
		connections, calls int
	}
	records := make([]record, len(contenders))
	shuffle := newShuffle()
	for round := -warmUps; round < rounds; round++ {
		for _, k := range shuffle.Perm(len(contenders)) {
			c, r := contenders[k], &records[k]
			if round > 0 && c.every > 1 && round%c.every != 0 {
				continue
			}
			if err := b.ctx.Err(); err != nil {
				return nil, err
			}
			connections, calls := b.server.Connections(), b.server.Calls(opToken)
			s, err := b.once(c)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", title, c.scene, err)
			}
			if round < 0 {
				continue
			}
			r.wall = append(r.wall, milliseconds(s.wall))
			r.cpu = append(r.cpu, milliseconds(s.cpu))
			r.faults = append(r.faults, float64(s.faults))
			r.connections += b.server.Connections() - connections
			r.calls += b.server.Calls(opToken) - calls
		}
	}
	var m measurement
	for i, r := range records {
		m = append(m, summary{
			Program: contenders[i].program.id, Scene: contenders[i].scene, Runs: len(r.wall),
			Wall: spreadOf(r.wall), CPU: spreadOf(r.cpu), Faults: spreadOf(r.faults),
			Connections: r.connections, Calls: r.calls,
		})
	}
	return m, nil
}

// newShuffle returns a random generator with a fixed seed: the orders are the same in each run.
func newShuffle() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// opToken is ecrtest's name of the call that a helper makes.
const opToken = "ecr:GetAuthorizationToken"

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
