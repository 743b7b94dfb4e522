package chaos

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/test/chaos/oracle"
	"github.com/prickle-dev/prickle/test/chaos/rig"
)

// The disk runs low: new events are refused before it is full, the process lives and says that it cannot store, and when there is room
// again it goes on by itself.
func TestDiskNearlyFull(t *testing.T) {
	needRoot(t)
	dir := rig.SmallDisk(t, 600<<20)
	s := openIn(t, "the disk runs low", dir, "")
	s.start()
	s.rounds(2, 1, func(int) {
		s.until(300)
		empty := rig.Fill(t, dir, 150<<20)
		rig.Eventually(t, "it refuses events", func() (bool, string) {
			alive, ready := s.prickle.Healthy()
			if !alive {
				t.Fatalf("it does not say that it lives\n%s", s.prickle.Text())
			}
			return !ready, "it says that it is ready"
		})
		s.refused(20)
		empty()
		s.until(300)
	})
}

// Something else takes the last byte of the disk at once, in the middle of the work. The embedded server does not get over a failed write, so that the
// process begins anew when there is room again.
func TestDiskFull(t *testing.T) {
	needRoot(t)
	dir := rig.SmallDisk(t, 600<<20)
	s := openIn(t, "the disk is full at once", dir, "")
	s.places[0].Loose = true // the warehouse is on the disk, too: batches that it could not take are overtaken, and no receiver sees them
	s.restarted = true       // its counters may begin anew at any time
	s.start()
	s.rounds(2, 1, func(n int) {
		s.until(300 + s.rng.IntN(300))
		empty := rig.Fill(t, dir, 0)
		s.refused(20)
		empty()
		s.until(300)
		s.row.Note = fmt.Sprintf("the process began anew by itself %d times in %d rounds", strings.Count(s.prickle.Text(), "the process begins anew\" cause="), n+1)
	})
}

// The power fails under load. Only what was synced is left.
func TestPowerCut(t *testing.T) {
	needRoot(t)
	if what := rig.HasPowerDisk(); what != "" {
		missing(t, what)
	}
	disk := rig.NewPowerDisk(t, 600<<20)
	s := openIn(t, "power cut, sync: always", disk.Dir, "")
	disk.Sync()
	s.start()
	s.rounds(3, 3, func(int) {
		s.until(1 + s.rng.IntN(1500))
		disk.Cut(s.prickle)
		s.restart()
		s.Logf("the power was cut and the process is back at %s", time.Now().Format(time.StampMilli))
	})
}

// The same without syncing before the acknowledgement loses events, which also shows that the power cut is one. How many is measured.
func TestPowerCutInterval(t *testing.T) {
	needRoot(t)
	if what := rig.HasPowerDisk(); what != "" {
		missing(t, what)
	}
	disk := rig.NewPowerDisk(t, 600<<20)
	s := openIn(t, "power cut, sync: interval", disk.Dir, "bus: {sync: interval}")
	disk.Sync()
	s.start()
	s.send()
	count := 2
	if *rounds > 0 {
		count = *rounds
	}
	for range count {
		s.until(1000 + s.rng.IntN(500))
		disk.Cut(s.prickle)
		s.restart()
	}
	s.settle()
	v := oracle.Judge(s.ledger, s.observed())
	s.row.Runs = count
	s.row.note(v)
	s.row.Note = "up to a second of events is given up with this setting"
	if s.row.Lost == 0 {
		t.Error("nothing was lost: the power cut forgets nothing, so that it proves nothing")
	}
	for _, f := range v.Findings {
		f.Lost = 0
		if err := (oracle.Verdict{Findings: []oracle.Finding{f}}).Err(); err != nil {
			t.Error(err)
		}
	}
	s.row.report(t)
}
