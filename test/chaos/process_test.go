package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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

// The configuration is changed under load, again and again, sometimes to one that is refused.
func TestReloaded(t *testing.T) {
	s := open(t, "the configuration is changed under load", "")
	s.start()
	path := filepath.Join(s.dir, "prickle.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s.rounds(6, 3, func(n int) {
		s.until(50 + s.rng.IntN(100))
		next := strings.ReplaceAll(string(text), "batch: {events: 100}", fmt.Sprintf("batch: {events: %d}", 50+s.rng.IntN(100)))
		switch n % 3 {
		case 1:
			next = strings.Replace(next, `event.name != "never"`, fmt.Sprintf("event.name != %q", fmt.Sprintf("never-%d", n)), 1)
		case 2:
			next = strings.Replace(next, "- filter:", "- flter:", 1)
		}
		if err := os.WriteFile(path, []byte(next), 0o644); err != nil {
			t.Fatal(err)
		}
		s.prickle.Signal(syscall.SIGHUP)
		s.until(50)
	})
}
