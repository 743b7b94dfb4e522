package chaos

import (
	"net/http"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/test/chaos/oracle"
	"github.com/prickle-dev/prickle/test/chaos/rig"
)

// A destination misbehaves for a while in each of these ways. The others get everything meanwhile, and it gets everything afterwards.
func TestReceiverFails(t *testing.T) {
	for name, fault := range map[string]oracle.Fault{
		"answers 500":               rig.Status(http.StatusInternalServerError),
		"answers 429 and a time":    rig.Limits(300 * time.Millisecond),
		"resets connections":        rig.Resets,
		"answers garbage":           rig.Garbage,
		"takes and does not answer": rig.Drops,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, "a destination "+name, "")
			s.start()
			s.rounds(2, 1, func(int) {
				s.until(300)
				s.harm(fault)
				s.until(500 + s.rng.IntN(500))
				s.harm(nil)
			})
		})
	}
}

// A destination takes requests and says nothing, until it breaks them off.
func TestReceiverHangs(t *testing.T) {
	s := open(t, "a destination hangs", "")
	s.start()
	s.rounds(2, 1, func(int) {
		s.until(300)
		hangs := &rig.Hangs{Release: make(chan struct{})}
		s.harm(hangs.Fault)
		rig.Eventually(t, "requests hang", func() (bool, string) { return hangs.Held.Load() >= 4, "they do not" })
		s.until(500)
		s.harm(nil)
		close(hangs.Release)
	})
}

// A destination is slower than events come in.
func TestReceiverIsSlow(t *testing.T) {
	s := open(t, "a destination is slower than the events", "")
	s.start()
	s.rounds(2, 1, func(int) {
		s.harm(rig.Slow(100 * time.Millisecond))
		s.until(1000)
		s.harm(nil)
	})
}

// Some events are poison to the transform, others to a destination. They become dead letters, and no other event does.
func TestPoison(t *testing.T) {
	s := open(t, "poison events", "")
	s.places[1].Dies = func(e *oracle.Event) bool { return e.Mark == oracle.Refused }
	s.places[3].Dies = func(e *oracle.Event) bool { return e.Mark == oracle.Throws || e.Mark == oracle.Spins }
	s.hooks["all"].Break(rig.Refuses(s.ledger))
	for _, c := range s.clients {
		c.Mark = func(n int) oracle.Mark {
			return map[int]oracle.Mark{11: oracle.Throws, 37: oracle.Refused, 73: oracle.Spins}[n%100]
		}
	}
	s.start()
	s.rounds(2, 1, func(int) { s.until(500) })
	if s.row.Dead == 0 {
		t.Error("no event died")
	}
}
