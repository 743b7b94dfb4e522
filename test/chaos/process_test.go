package chaos

import (
	"testing"
)

// The process is killed under load again and again, at random moments, also while it recovers from the last time.
func TestKilled(t *testing.T) {
	s := open(t, "SIGKILL at random moments under load", "")
	s.start()
	s.rounds(6, 3, func(int) {
		s.until(1 + s.rng.IntN(1500))
		s.prickle.Kill()
		s.restart()
	})
}

// The process is asked to stop under load. It must do so by itself, with nothing wrong.
func TestStopped(t *testing.T) {
	s := open(t, "SIGTERM under load", "")
	s.start()
	s.rounds(2, 2, func(int) {
		s.until(1 + s.rng.IntN(1500))
		if code := s.prickle.Stop(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, s.prickle.Text())
		}
		s.restart()
	})
}
