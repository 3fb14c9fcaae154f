//go:build stress

package refresh

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Six days with static keys, four registries in three regions, and outages of up to five hours with
// as little as two minutes between them: no token expires, and no region has more than five
// successful calls a day. (The refresh point is after 6.6 of the 12 hours at the latest, so every
// token can be refreshed before or after an outage.)
func TestStressWatchSixDays(t *testing.T) {
	s := newSimulation(t, host, "210987654321.dkr.ecr.us-east-1.amazonaws.com",
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.ap-south-1.amazonaws.com")
	const length = 6 * 24 * time.Hour
	r := rand.New(rand.NewPCG(1, 2))
	between := func(least, most time.Duration) time.Duration {
		return least + time.Duration(r.Int64N(int64(most-least)))
	}
	down := time.Duration(0)
	for at := s.now.Add(time.Hour); at.Before(s.now.Add(length)); {
		o := outage{at, at.Add(between(time.Minute, 5*time.Hour))}
		s.down = append(s.down, o)
		down += o.to.Sub(o.from)
		at = o.to.Add(between(2*time.Minute, 3*time.Hour))
	}
	s.run(length)
	s.wantCallsADay(5)
	t.Logf("%d outages, %s in all", len(s.down), down.Round(time.Hour))
}
